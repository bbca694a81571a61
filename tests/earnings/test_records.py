"""Staging a plain record with one match gives the same result as field by field."""

import csv
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from earnings.reading.records import FIELDS, Rules, StagedRecord, stage, stage_plain
from money import parse_time
from tests.feeding import NOW, record

RULES = Rules(now=NOW, paid_currencies=frozenset(["USD", "EUR"]))
SEEN = {
    "record_id": ["r-1", "a.b_c:1", "a,b", 'a"b', "a/b", "a b", "é", "", "x" * 255, "x" * 256],
    "kind": ["charge", "refund", "chargeback_reversal", "sale", ""],
    "api_id": ["api-a", "a\\b", "a,b", "a#b", "", "x" * 256],
    "amount": ["1", "1000", "007", "0", "-1", "1.5", "", "9" * 12, "9" * 13, "0" * 9 + "1" * 12, "\u0661"],
    "currency": ["USD", "EUR", "GBP", "usd", "XXX", ""],
    "occurred_at": [
        "2024-01-15T12:00:00Z",
        "2024-01-15T12:00:00.5Z",
        "2024-01-15 12:00:00+02:00",
        "20240115T120000Z",
        "2024-W03-1T12:00:00Z",
        "2024-02-30T12:00:00Z",
        "2024-01-15T24:00:00Z",
        "2016-12-31T23:59:60Z",
        "2024-01-15T12:00:00",
        "1024-01-15T12:00:00Z",
        "1999-12-31T23:59:59Z",
        "2000-01-01T00:00:00Z",
        "2024-06-01T00:00:01Z",
        "",
    ],
    "creator_id": ["", "alice", "a%b", "x" * 256],
    "subscription_id": ["", "s-1", "s\n1"],
    "customer_id": ["", "c-1", "c\x00"],
    "api_calls": ["", "0", "17", "-1", "1e3", "9" * 12, "9" * 13, "0" * 12 + "7"],
    "related_record_id": ["", "r-0", "r,0"],
}


def content_of(staged: StagedRecord) -> tuple[object, ...]:
    """Return the values of a staged record, independent of their format."""
    fields = dict(zip(FIELDS, next(csv.reader([staged.fields])), strict=True))
    numbers = int(fields.pop("amount")), int(fields.pop("api_calls") or 0)
    return (
        staged.line,
        staged.occurred_at,
        parse_time(fields.pop("occurred_at")),
        staged.links,
        staged.reason,
        staged.content,
        numbers,
        fields,
    )


@st.composite
def records(draw: st.DrawFn) -> dict[str, str]:
    """Draw a valid record in which some fields are changed."""
    others = draw(st.lists(st.sampled_from(FIELDS), max_size=3))
    return record() | {name: draw(st.sampled_from(SEEN[name])) for name in others}


@given(raw=records())
@examples(max_examples=500)
def test_plain_staging_gives_the_same_result_as_field_by_field(raw: dict[str, str]) -> None:
    if plain := stage_plain(7, [raw[name] for name in FIELDS], RULES):
        assert content_of(plain) == content_of(stage(7, raw, RULES))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"creator_id": "alice", "subscription_id": "s-1", "customer_id": "c-1"},
        {"kind": "refund", "related_record_id": "r-0"},
        {"occurred_at": "2024-01-15T12:00:00.123456Z"},
        {"api_calls": ""},
    ],
)
def test_a_usual_record_is_staged_plainly(how: dict[str, Any]) -> None:
    raw = record(**how)
    plain = stage_plain(1, [raw[name] for name in FIELDS], RULES)
    assert plain is not None
    assert content_of(plain) == content_of(stage(1, raw, RULES))
