"""How values read."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from django.utils.safestring import SafeString

from database.admin import show
from earnings.models import RecordKind
from money import Money, month_of
from payouts.states import PayoutStatus


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Money(123_456, "USD"), '<span class="pc-figure">$1,234.56</span>'),
        (Money(-300, "EUR"), '<span class="pc-figure pc-negative">-€3.00</span>'),
        (Money(1_200, "JPY"), '<span class="pc-figure">¥1,200</span>'),
        (1_234_567, '<span class="pc-figure">1,234,567</span>'),
        (True, "Yes"),
        (None, '<span class="pc-nothing">–</span>'),
        ("", '<span class="pc-nothing">–</span>'),
        ("<script>", "&lt;script&gt;"),
        (SafeString("<b>"), "<b>"),
        (date(2026, 10, 1), '<time class="pc-time" datetime="2026-10-01">1 Oct 2026</time>'),
        (month_of(date(2026, 10, 1)), '<span class="pc-time">2026-10</span>'),
    ],
)
def test_values_read_as_people_write_them(value: object, shown: str) -> None:
    assert show(value) == shown


def test_times_read_in_utc_wherever_they_come_from() -> None:
    moment = datetime(2026, 10, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert ">30 Sep 2026, 23:30<" in show(moment)
    assert show(moment.astimezone(UTC)) == show(moment)


def test_an_id_is_short_and_copies_whole() -> None:
    key = UUID("01990000-0000-7000-8000-0000deadbeef")
    assert ">…deadbeef<" in show(key)
    assert f'data-copy="{key}"' in show(key)


def test_states_read_as_words_in_their_colours() -> None:
    assert "In transit" in show(PayoutStatus.IN_TRANSIT)
    assert "bg-green" in show(PayoutStatus.PAID)
    assert "bg-red" in show(PayoutStatus.FAILED)
    assert "bg-red" in show(RecordKind.CHARGEBACK)
