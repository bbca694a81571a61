"""What Stripe's JSON holds, and Python or PostgreSQL can't."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database import sql
from stripe_io import values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=[])), inner),
    max_leaves=20,
)


@pytest.mark.django_db
@given(said=JSON, escaped=st.booleans())
def test_whatever_stripe_answers_can_be_stored(said: object, escaped: bool) -> None:
    body = json.dumps({"said": said}, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    answer = values.storable_answer(body)
    parsed = json.loads(answer)
    (row,) = sql.rows("SELECT %(json)s::jsonb ? 'said' AS kept", {"json": json.dumps(parsed)})
    assert row["kept"]


@given(said=JSON)
def test_what_can_be_stored_stays_as_it_is(said: object) -> None:
    body = json.dumps({"said": said})
    try:
        mended = values.storable(values.parse(body))
    except values.NumberOutOfRange:
        return
    if mended == json.loads(body):
        assert json.loads(values.storable_answer(body.encode())) == mended


def test_an_answer_without_anything_odd_is_not_touched() -> None:
    text = '{"id": "acct_1",  "name": "Café 😀", "amount": 999999999999}'
    assert values.storable_answer(text.encode()) == text


def test_a_number_that_cannot_be_held_becomes_its_text() -> None:
    answer = values.storable_answer(
        b'{"a": 1e999, "b": NaN, "c": 9223372036854775808, "d": 9223372036854775807}'
    )
    assert json.loads(answer) == {"a": "1e999", "b": "NaN", "c": "9223372036854775808", "d": 2**63 - 1}


@pytest.mark.parametrize("body", [b"<html>\x00", b"{", b"\xff\xfe\\ud83d", b"[" * 50_000 + b"NaN"])
def test_what_is_no_json_is_left_to_the_client_to_refuse(body: bytes) -> None:
    assert values.storable_answer(body) == body.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("seconds", "moment"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1_760_000_000, datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)),
        (None, None),
        (True, None),
        ("1760000000", None),
        (1.5, None),
        (10**20, None),
        (-(10**20), None),
        (2**62, None),
    ],
)
def test_a_time_is_one_that_a_calendar_has(seconds: object, moment: datetime | None) -> None:
    assert values.moment(seconds) == moment
