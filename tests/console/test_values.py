"""How values read."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from django.db import models
from django.utils.safestring import SafeString

from database.admin import in_words, short, show, to_the_second
from database.display import ago, count_of, tone_of
from earnings.models import Adjustment, PaidTotal, RecordKind
from ledger.models import LedgerEntry
from money import Money, Period, month_of
from payouts.states import PayoutStatus

APPS = ("accounts", "database", "earnings", "ledger", "payouts", "revenue", "stripe_io")
# What sorts things, but is no state that they pass through: shown as a plain label.
KINDS = {
    "AccountKind",
    "AdjustmentKind",
    "ApiField",
    "AttemptKind",
    "BodyReason",
    "CreatorField",
    "DifferenceKind",
    "HoldSource",
    "Kind",
    "PauseCause",
    "PlacementTarget",
    "Reason",
    "RecordKind",
    "RefusalCause",
    "Right",
    "StaffGroup",
    "StripeApi",
    "StripeMode",
    "Via",
    "Way",
}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Money(123_456, "USD"), '<span class="pc-figure">$1,234.56</span>'),
        (Money(-300, "EUR"), '<span class="pc-figure">-€3.00</span>'),
        (Money(1_200, "JPY"), '<span class="pc-figure">¥1,200</span>'),
        (1_234_567, '<span class="pc-figure">1,234,567</span>'),
        (True, "Yes"),
        (None, '<span class="pc-nothing">–</span>'),
        ("", '<span class="pc-nothing">–</span>'),
        ("<script>", "&lt;script&gt;"),
        (SafeString("<b>"), "<b>"),
        (date(2025, 10, 1), '<time class="pc-time" datetime="2025-10-01">1 Oct 2025</time>'),
        (month_of(date(2026, 10, 1)), '<span class="pc-time">October 2026</span>'),
    ],
)
def test_values_read_as_people_write_them(value: object, shown: str) -> None:
    assert show(value) == shown


@pytest.mark.parametrize("row", [Adjustment, LedgerEntry, PaidTotal])
def test_rows_that_are_named_by_an_amount_write_it_as_everywhere(row: type[models.Model]) -> None:
    amount = "net" if row is PaidTotal else "amount"
    assert str(row(**{amount: -12_500, "currency": "USD"})).endswith("-$125.00")


def test_the_beginning_of_no_text_is_nothing() -> None:
    assert short("reason")(Adjustment(reason="")) == show("")


def test_times_read_in_utc_wherever_they_come_from() -> None:
    moment = datetime(2025, 10, 1, 1, 30, 5, tzinfo=timezone(timedelta(hours=2)))
    assert ">30 Sep 2025, 23:30<" in show(moment)
    assert 'title="2025-09-30 23:30:05.000000 UTC"' in show(moment)
    assert ">30 Sep 2025, 23:30:05<" in to_the_second(moment)
    assert show(moment.astimezone(UTC)) == show(moment)


def test_a_year_is_named_only_if_it_is_another() -> None:
    today = datetime.now(UTC)
    for value in (today, today.date()):
        assert str(today.year) not in re.sub("<[^>]*>", "", show(value))
        assert f"{today.year - 1}" in re.sub("<[^>]*>", "", show(value.replace(year=today.year - 1, day=1)))


def test_an_age_has_the_moment_behind_it() -> None:
    moment = datetime(2025, 10, 1, 1, 30, tzinfo=UTC)
    shown = ago(moment, now=moment + timedelta(days=3, hours=2))
    assert 'title="2025-10-01 01:30:00.000000 UTC">3 d</time>' in shown


def test_a_time_before_all_sales_is_no_time() -> None:
    assert show(datetime(1970, 1, 1, tzinfo=UTC)) == "from the beginning"


@pytest.mark.parametrize(
    ("first", "after", "words"),
    [
        (date(2026, 10, 1), date(2026, 11, 1), "Oct 2026"),
        (date(2026, 8, 1), date(2026, 11, 1), "Aug – Oct 2026"),
        (date(2025, 11, 1), date(2026, 2, 1), "Nov 2025 – Jan 2026"),
        (date(2026, 8, 1), date(2026, 8, 16), "1 Aug 2026 – 15 Aug 2026"),
    ],
)
def test_a_period_names_the_months_that_it_includes(first: date, after: date, words: str) -> None:
    assert in_words(Period(first, after)) == words


def test_an_id_is_short_and_copies_whole() -> None:
    key = UUID("01990000-0000-7000-8000-0000deadbeef")
    assert ">…deadbeef<" in show(key)
    assert f'data-copy="{key}"' in show(key)


def test_states_read_as_words_with_an_icon_and_a_colour() -> None:
    for state, icon, tone in (
        (PayoutStatus.PENDING, "schedule", "waiting"),
        (PayoutStatus.IN_TRANSIT, "sync", "moving"),
        (PayoutStatus.PAID, "check_circle", "done"),
        (PayoutStatus.RETURNED, "front_hand", "attention"),
        (PayoutStatus.FAILED, "cancel", "lost"),
    ):
        assert re.search(rf'data-tone="{tone}">.*>{icon}<.*{state.label}', show(state))
    assert show(RecordKind.CHARGEBACK) == "Chargeback"


def test_every_state_of_every_app_has_a_tone_and_the_rest_are_kinds() -> None:
    choices = {cls for cls in models.TextChoices.__subclasses__() if cls.__module__.partition(".")[0] in APPS}
    toned = {cls for cls in choices if any(tone_of(member) for member in cls)}
    assert not [member for cls in toned for member in cls if tone_of(member) is None]
    assert {cls.__name__ for cls in choices - toned} == KINDS


def test_a_count_of_one_is_singular() -> None:
    assert [count_of(number, "payout") for number in (0, 1, 2_901)] == [
        "0 payouts",
        "1 payout",
        "2,901 payouts",
    ]
    assert count_of(2, "batch", "batches") == "2 batches"
