"""Taking in billing records: each counts once, or is quarantined with its reason."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from earnings.models import (
    BillingBatch,
    BillingRecord,
    BillingSource,
    ChargeTakeback,
    QuarantinedRecord,
    Reason,
)
from earnings.services.quarantine import enter_ready
from tests.factories import ApiFactory, SourceFactory
from tests.feeding import NOW, feed, held, post, record, refund

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice", "bob")]

# Each makes a record invalid; in the order of the reasons.
SPOILERS: list[tuple[Reason, dict[str, Any]]] = [
    (Reason.SYNTAX, {"kind": "sale"}),
    (Reason.AMOUNT_NOT_INTEGER, {"amount": "10.00"}),
    (Reason.CURRENCY_UNKNOWN, {"currency": "ZZZ"}),
    (Reason.TIME_INVALID, {"occurred_at": "yesterday"}),
    (Reason.API_UNKNOWN, {"api_id": "api-z"}),
]


UNUSABLE: list[tuple[dict[str, Any], Reason]] = [
    ({"kind": "sale"}, Reason.SYNTAX),
    ({"kind": ""}, Reason.SYNTAX),
    ({"record_id": ""}, Reason.SYNTAX),
    ({"record_id": "a b"}, Reason.SYNTAX),
    ({"record_id": "a/b"}, Reason.SYNTAX),
    ({"record_id": "r" * 256}, Reason.SYNTAX),
    ({"record_id": "r\x00"}, Reason.SYNTAX),
    ({"record_id": "é"}, Reason.SYNTAX),
    ({"api_id": ""}, Reason.SYNTAX),
    ({"customer_id": "a customer"}, Reason.SYNTAX),
    ({"api_calls": "-1"}, Reason.SYNTAX),
    ({"api_calls": "1.5"}, Reason.SYNTAX),
    ({"api_calls": "1e3"}, Reason.SYNTAX),
    ({"related_record_id": "r-0"}, Reason.SYNTAX),  # a charge can't name another charge
    ({"amount": ""}, Reason.AMOUNT_NOT_INTEGER),
    ({"amount": "9.99"}, Reason.AMOUNT_NOT_INTEGER),
    ({"amount": "+5"}, Reason.AMOUNT_NOT_INTEGER),
    ({"amount": " 5"}, Reason.AMOUNT_NOT_INTEGER),
    ({"amount": "1_000"}, Reason.AMOUNT_NOT_INTEGER),
    ({"amount": "1e3"}, Reason.AMOUNT_NOT_INTEGER),
    ({"amount": "\u0661"}, Reason.AMOUNT_NOT_INTEGER),
    ({"amount": "0"}, Reason.AMOUNT_NOT_POSITIVE),
    ({"amount": "-1"}, Reason.AMOUNT_NOT_POSITIVE),
    ({"amount": "-0"}, Reason.AMOUNT_NOT_POSITIVE),
    ({"amount": "-" + "9" * 30}, Reason.AMOUNT_NOT_POSITIVE),
    ({"amount": "1000000000000"}, Reason.TOO_LARGE),
    ({"amount": "9" * 30}, Reason.TOO_LARGE),
    ({"api_calls": "1000000000000"}, Reason.TOO_LARGE),
    ({"api_calls": "9" * 5_000}, Reason.TOO_LARGE),  # more digits than Python parses
    ({"currency": "usd"}, Reason.CURRENCY_UNKNOWN),
    ({"currency": ""}, Reason.CURRENCY_UNKNOWN),
    ({"currency": "XAU"}, Reason.CURRENCY_UNKNOWN),
    ({"currency": "BGN"}, Reason.CURRENCY_UNKNOWN),
    ({"currency": "CHF"}, Reason.CURRENCY_NOT_PAID),
    ({"occurred_at": ""}, Reason.TIME_INVALID),
    ({"occurred_at": "2024-01-15"}, Reason.TIME_INVALID),
    ({"occurred_at": "2024-01-15T12:00:00"}, Reason.TIME_INVALID),
    ({"occurred_at": "2024-02-30T12:00:00Z"}, Reason.TIME_INVALID),
    ({"occurred_at": "1705320000"}, Reason.TIME_INVALID),
    ({"occurred_at": "0001-01-01T00:00:00Z"}, Reason.TIME_TOO_OLD),  # Go's zero time
    ({"occurred_at": "1970-01-01T00:00:00Z"}, Reason.TIME_TOO_OLD),
    ({"occurred_at": "1999-12-31T23:59:59.999999Z"}, Reason.TIME_TOO_OLD),
    ({"occurred_at": "2000-01-01T01:59:59+02:00"}, Reason.TIME_TOO_OLD),
    ({"occurred_at": (NOW + timedelta(microseconds=1)).isoformat()}, Reason.TIME_IN_FUTURE),
    ({"api_id": "api-z"}, Reason.API_UNKNOWN),
    ({"api_id": "api-ownerless"}, Reason.OWNER_UNKNOWN),
    ({"creator_id": "bob"}, Reason.OWNER_MISMATCH),
    ({"creator_id": "nobody"}, Reason.OWNER_MISMATCH),
    ({"kind": "refund", "related_record_id": "never-sold"}, Reason.CHARGE_UNKNOWN),
    ({"kind": "refund", "related_record_id": "sold", "amount": "501"}, Reason.EXCEEDS_CHARGE),
]


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": "999999999999", "api_calls": "999999999999"},
        {"amount": "0" * 20 + "999999999999", "api_calls": "0" * 20 + "7"},
        {"occurred_at": "2000-01-01T00:00:00Z"},
        {"occurred_at": "1999-12-31T23:00:00-01:00"},
    ],
)
def test_values_at_the_limits_are_accepted(source: BillingSource, fields: dict[str, Any]) -> None:
    assert feed(source, record(**fields)).accepted == 1
    assert post().records == 1


def counts() -> tuple[int, int, int, int]:
    """Count the rows that an import can leave."""
    return (
        BillingBatch.objects.count(),
        BillingRecord.objects.count(),
        QuarantinedRecord.objects.count(),
        ChargeTakeback.objects.count(),
    )


@pytest.mark.parametrize(("fields", "reason"), UNUSABLE)
def test_a_record_that_cannot_be_used_is_kept_with_the_reason(
    source: BillingSource, fields: dict[str, Any], reason: Reason
) -> None:
    ApiFactory.create(external_id="api-ownerless")
    feed(source, record(record_id="sold", amount=500))
    spoiled = record(**fields)
    result = feed(source, spoiled, record(record_id="good"))
    assert result.accepted == 1
    assert result.refused == {1: reason}
    assert result.quarantined == {reason: 1}
    kept = QuarantinedRecord.objects.get()
    assert kept.reason == reason
    for name, value in fields.items():
        assert kept.content.get(name, "") == value.replace("\x00", "\ufffd")


def test_every_reason_has_a_record_that_shows_it() -> None:
    assert {reason for _, reason in UNUSABLE} | {Reason.CONFLICT, Reason.UNPOSTABLE} == set(Reason)


@pytest.mark.parametrize("first", range(len(SPOILERS)))
def test_of_several_reasons_the_first_is_reported(source: BillingSource, first: int) -> None:
    fields: dict[str, Any] = {"creator_id": "bob"}
    for _, spoiler in SPOILERS[first:]:
        fields |= spoiler
    assert feed(source, record(**fields)).refused == {1: SPOILERS[first][0]}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"amount": "-5", "currency": "ZZZ"}, Reason.AMOUNT_NOT_POSITIVE),
        ({"currency": "CHF", "occurred_at": "?"}, Reason.CURRENCY_NOT_PAID),
        ({"occurred_at": "2999-01-01T00:00:00Z", "api_id": "api-z"}, Reason.TIME_IN_FUTURE),
        ({"api_id": "api-ownerless", "creator_id": "bob"}, Reason.OWNER_UNKNOWN),
        ({"kind": "refund", "related_record_id": "?x", "amount": "0"}, Reason.SYNTAX),
        ({"kind": "refund", "related_record_id": "x", "amount": "0"}, Reason.AMOUNT_NOT_POSITIVE),
    ],
)
def test_the_reasons_in_between_keep_their_order_too(
    source: BillingSource, fields: dict[str, Any], reason: Reason
) -> None:
    ApiFactory.create(external_id="api-ownerless")
    assert feed(source, record(**fields)).refused == {1: reason}


def test_a_record_sent_again_is_a_duplicate_and_counts_once(source: BillingSource) -> None:
    sold = record(subscription_id="s", customer_id="c")
    assert feed(source, sold).accepted == 1
    again = feed(source, sold, record())
    assert (again.accepted, again.duplicates, again.refused) == (1, [1], {})
    assert BillingRecord.objects.filter(record_id=sold["record_id"]).count() == 1


def test_copies_within_one_batch_count_once(source: BillingSource) -> None:
    sold = record()
    result = feed(source, sold, record(), sold, sold)
    assert (result.accepted, result.duplicates) == (2, [3, 4])


@pytest.mark.parametrize(
    "other_words",
    [
        {"occurred_at": "2024-01-15T14:00:00+02:00"},
        {"creator_id": "alice"},
        {"amount": "01000"},
        {"api_calls": "01"},
    ],
)
def test_the_same_record_in_another_format_is_a_duplicate(
    source: BillingSource, other_words: dict[str, str]
) -> None:
    sold = record()
    feed(source, sold)
    assert feed(source, sold | other_words).duplicates == [1]


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "1001"},
        {"api_id": "api-b"},
        {"kind": "refund"},
        {"occurred_at": "2024-01-15T12:00:00.000001Z"},
        {"api_calls": "2"},
        {"subscription_id": "s"},
        {"customer_id": "c"},
        {"kind": "refund", "related_record_id": "r"},
        {"currency": "EUR"},
        {"amount": "0"},
        {"occurred_at": "?"},
        {"creator_id": "bob"},
        {"api_id": "api-z"},
    ],
)
def test_another_content_under_a_known_id_is_a_conflict(
    source: BillingSource, settings: Settings, other: dict[str, str]
) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 2500, "EUR": 2500}
    sold = record()
    feed(source, sold)
    result = feed(source, sold | other)
    assert result.refused == {1: Reason.CONFLICT}
    assert (result.conflicts, result.quarantined.total()) == (1, 0)
    assert BillingRecord.objects.get().amount == 1000
    assert held() == [(sold["record_id"], "conflict")]


def test_of_two_contents_in_one_batch_the_first_enters_and_the_second_is_a_conflict(
    source: BillingSource,
) -> None:
    sold = record(amount=100)
    result = feed(source, sold, sold | {"amount": 200}, sold)
    assert (result.accepted, result.duplicates, result.refused) == (1, [3], {2: Reason.CONFLICT})
    assert held() == [(sold["record_id"], "conflict")]


def test_two_sources_may_use_the_same_record_id(source: BillingSource) -> None:
    other = SourceFactory.create()
    sold = record()
    assert feed(source, sold).accepted == 1
    assert feed(other, sold | {"amount": 5}).accepted == 1
    assert feed(other, refund(sold, amount=5)).accepted == 1
    assert feed(other, refund(sold, amount=5)).refused == {1: Reason.EXCEEDS_CHARGE}


def test_taking_in_the_same_batch_again_changes_nothing(source: BillingSource) -> None:
    sold = record()
    batch = [
        sold,
        record(api_id="api-z"),
        record(amount="?"),
        refund(sold, amount=600),
        refund(sold, amount=600),
        sold | {"amount": "7"},
        record(kind="refund", related_record_id="unknown"),
    ]
    first = feed(source, *batch)
    before = counts()
    again = feed(source, *batch)
    assert counts() == before
    assert again.accepted == 0
    assert again.duplicates == [1, 4]
    assert again.refused == first.refused


def test_identical_unusable_lines_in_one_batch_are_kept_once(source: BillingSource) -> None:
    spoiled = record(amount="?")
    result = feed(source, spoiled, spoiled, record(), spoiled)
    assert result.accepted == 1
    assert result.quarantined == {Reason.AMOUNT_NOT_INTEGER: 3}
    assert held() == [(spoiled["record_id"], "amount_not_integer")]


def test_a_record_in_quarantine_does_not_occupy_its_id(source: BillingSource) -> None:
    sold = record(amount="ten")
    feed(source, sold)
    corrected = sold | {"amount": "1000"}
    assert feed(source, corrected).accepted == 1
    kept = QuarantinedRecord.objects.get()
    assert (kept.resolution, kept.resolved_at is not None) == ("superseded", True)
    assert feed(source, corrected).duplicates == [1]


def test_a_corrected_copy_enters_beside_the_bad_one_in_the_same_batch(source: BillingSource) -> None:
    sold = record(amount="ten")
    result = feed(source, sold, sold | {"amount": "1000"})
    assert (result.accepted, result.refused) == (1, {1: Reason.CONFLICT})
    assert held() == [(sold["record_id"], "conflict")]


def test_a_bad_copy_after_a_good_one_is_a_conflict_and_stays_visible(source: BillingSource) -> None:
    sold = record()
    feed(source, sold)
    feed(source, sold | {"amount": "-5"})
    assert held() == [(sold["record_id"], "conflict")]


def test_a_reason_that_changes_is_updated(source: BillingSource) -> None:
    early = record(api_id="api-new", creator_id="bob")
    feed(source, early)
    ApiFactory.create(external_id="api-new")
    feed(source, early)
    assert held() == [(early["record_id"], "owner_unknown")]


@pytest.mark.parametrize(
    "occurred_at",
    [
        "0001-01-01T00:00:00+14:00",  # in UTC, the year before the first
        "2024-01-15T12:00:00+05:30:15.123456",
        "2024-01-15T12:00:00+23:59",
        "2024-W03-1T12:00:00Z",
        "20240115T120000Z",
        "2024-01-15\u00e912:00:00Z",
        "2024-01-15T12:00:00,5Z",
    ],
)
def test_an_unusual_time_affects_only_its_own_record(source: BillingSource, occurred_at: str) -> None:
    result = feed(source, record(occurred_at=occurred_at), record())
    assert result.accepted + result.quarantined[Reason.TIME_INVALID] == 2
    assert post().records == result.accepted


@pytest.mark.parametrize(
    "occurred_at",
    [
        "2999-W03-1T12:00:00Z",
        "2999-01-15\u00e912:00:00Z",
        "2999-01-15T12:00:00+23:59",
        "2999-01-15T12:00:00,5Z",
    ],
)
def test_an_unusual_future_time_does_not_stop_posting(source: BillingSource, occurred_at: str) -> None:
    feed(source, record(), record(occurred_at=occurred_at))
    assert post().records == 1


def test_a_line_that_is_no_record_does_not_stop_its_batch(source: BillingSource) -> None:
    result = feed(source, {}, {}, {"line": "\x00\ud800"}, record())
    assert (result.accepted, result.quarantined) == (1, {Reason.SYNTAX: 3})


def test_an_empty_batch_leaves_nothing(source: BillingSource) -> None:
    assert feed(source).accepted == 0
    assert counts() == (0, 0, 0, 0)


def test_a_batch_counts_the_outcomes_of_its_records(source: BillingSource) -> None:
    sold = record()
    feed(source, sold)
    feed(source, record(), sold, sold | {"amount": "7"}, record(amount="?"))
    batch = BillingBatch.objects.latest("pk")
    assert (batch.accepted, batch.duplicates, batch.conflicts, batch.quarantined) == (1, 1, 1, 1)
    assert batch.posted_at is None


def test_nothing_in_quarantine_enters_before_its_cause_is_gone(source: BillingSource) -> None:
    for _, spoiler in SPOILERS:
        feed(source, record(**spoiler))
    feed(source, record(creator_id="bob"), record(currency="CHF"))
    before = counts()
    assert enter_ready(now=NOW) == 0
    assert counts() == before
