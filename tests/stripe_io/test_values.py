"""JSON from Stripe that Python or PostgreSQL can't store."""

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
@given(data=JSON, escaped=st.booleans())
def test_every_answer_from_stripe_can_be_stored(data: object, escaped: bool) -> None:
    body = json.dumps({"data": data}, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    answer = values.storable_answer(body)
    parsed = json.loads(answer)
    (row,) = sql.rows("SELECT %(json)s::jsonb ? 'data' AS kept", {"json": json.dumps(parsed)})
    assert row["kept"]


@given(data=JSON)
def test_storable_json_stays_as_it_is(data: object) -> None:
    body = json.dumps({"data": data})
    try:
        stored = values.storable(values.parse(body))
    except values.NumberOutOfRange:
        return
    if stored == json.loads(body):
        assert json.loads(values.storable_answer(body.encode())) == stored


def test_an_ordinary_answer_is_not_touched() -> None:
    text = '{"id": "acct_1",  "name": "Café 😀", "amount": 999999999999}'
    assert values.storable_answer(text.encode()) == text


def test_a_number_that_cannot_be_stored_becomes_text() -> None:
    answer = values.storable_answer(
        b'{"a": 1e999, "b": NaN, "c": 9223372036854775808, "d": 9223372036854775807}'
    )
    assert json.loads(answer) == {"a": "1e999", "b": "NaN", "c": "9223372036854775808", "d": 2**63 - 1}


@pytest.mark.parametrize("body", [b"<html>\x00", b"{", b"\xff\xfe\\ud83d", b"[" * 50_000 + b"NaN"])
def test_a_body_that_is_not_json_is_left_to_the_library(body: bytes) -> None:
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
def test_only_a_valid_time_is_read(seconds: object, moment: datetime | None) -> None:
    assert values.moment(seconds) == moment
