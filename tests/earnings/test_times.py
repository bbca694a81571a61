"""Times: the month in which a record counts, and times that only some programs can parse."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database import sql
from earnings.models import ApiOwnership, BillingRecord, BillingSource
from earnings.reading.records import EARLIEST, FIELDS, Rules, stage_plain
from money import parse_time
from tests.api import service
from tests.feeding import NOW, earned, feed, held, post, record

LEAP_SECOND = "2016-12-31T23:59:60Z"
RULES = Rules(now=NOW, paid_currencies=frozenset(["USD"]))


@pytest.mark.django_db
@pytest.mark.usefixtures("alice")
def test_a_record_counts_in_the_month_of_its_moment_in_utc(source: BillingSource) -> None:
    feed(
        source,
        record(occurred_at="2024-01-31T23:59:59.999999Z", amount=1),
        record(occurred_at="2024-01-31T23:59:59.9999999Z", amount=2),
        record(occurred_at="2024-02-01T13:59:59.999999+14:00", amount=4),  # 31 January
        record(occurred_at="2024-02-01T14:00:00+14:00", amount=8),  # 1 February
        record(occurred_at="2024-01-31T12:00:00-12:00", amount=16),  # 1 February
        record(occurred_at="2024-01-31T11:59:59.999999-12:00", amount=32),  # 31 January
        record(occurred_at=LEAP_SECOND, amount=64),  # the next second, which is 1 January
        record(occurred_at="2024-01-31T24:00:00Z", amount=128),  # 1 February
    )
    post()
    assert held() == []
    assert [(month, gross) for _, _, month, gross, *_ in earned()] == [
        ("2017-01", 64),
        ("2024-01", 1 + 2 + 4 + 32),
        ("2024-02", 8 + 16 + 128),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        LEAP_SECOND,
        "2017-01-01T00:59:60+01:00",
        "20161231T235960Z",
        "2016-12-31 23:59:60Z",
        "2024-02-29T24:00:00Z",
        "2024-02-29T24:00:00.000+02:00",
        "2024-02-29T24:00Z",
        "9998-12-31T24:00:00Z",
    ],
)
def test_second_60_and_hour_24_are_read_as_in_postgresql(text: str) -> None:
    (row,) = sql.rows("SELECT %(text)s::timestamptz AS moment", {"text": text})
    assert parse_time(text) == row["moment"]


@given(minutes=st.integers(0, 50_000_000))
def test_second_60_is_the_next_minute_and_hour_24_the_next_day(minutes: int) -> None:
    minute = EARLIEST + timedelta(minutes=minutes)
    assert parse_time(f"{minute:%Y-%m-%dT%H:%M}:60Z") == minute + timedelta(minutes=1)
    assert parse_time(f"{minute:%Y-%m-%d}T24:00:00Z") == minute.replace(hour=0, minute=0) + timedelta(days=1)


@pytest.mark.parametrize(
    "text",
    [
        "2016-12-31T23:59:61Z",
        "2016-12-31T23:59:60",
        "2016-12-31T24:00:01Z",
        "2016-12-31T24:01:00Z",
        "2016-12-31T24:00:60Z",
        "2016-12-31T24:00:00",
        "2016-02-30T24:00:00Z",
        "2016-12-31T23:60:00Z",
        "9999-12-31T23:59:60Z",
        "9999-12-31T24:00:00Z",
        "2016-12-31T23:00:00Z\0",
        "2016-12-31\0T23:00:00Z",
    ],
)
def test_an_invalid_time_stays_invalid(text: str) -> None:
    assert parse_time(text) is None


@pytest.mark.django_db
@pytest.mark.usefixtures("alice")
def test_a_leap_second_has_fractions_which_postgresql_refuses(source: BillingSource) -> None:
    feed(source, record(occurred_at="2016-12-31T23:59:60.25Z"))
    assert BillingRecord.objects.get().occurred_at == datetime(2017, 1, 1, microsecond=250_000, tzinfo=UTC)


@pytest.mark.parametrize("occurred_at", [LEAP_SECOND, "2016-12-31T23:59:60.25Z", "2016-12-31T24:00:00Z"])
def test_postgresql_never_gets_such_a_time(occurred_at: str) -> None:
    fields = record(occurred_at=occurred_at)
    assert stage_plain(1, [fields[name] for name in FIELDS], RULES) is None


@pytest.mark.django_db
def test_an_owner_can_start_at_such_a_time(source: BillingSource) -> None:
    fields = {"name": "Weather", "creator_id": "alice", "owned_from": LEAP_SECOND}
    assert service("billing").put("/api/v1/catalog/apis/api-w", fields, format="json").status_code == 201
    assert ApiOwnership.objects.get().owned_from == datetime(2017, 1, 1, tzinfo=UTC)
