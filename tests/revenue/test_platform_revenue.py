"""`platform_revenue`: a month's figures in one currency, correct after every posting and payout."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import Creator
from earnings.models import BillingSource
from money import month_of
from payouts.states import PayoutStatus
from revenue import services, tasks
from revenue.models import PlatformRevenue
from tests.factories import (
    CommissionRateFactory,
    CreatorEarningFactory,
    PayoutEventFactory,
    PayoutFactory,
    SourceFactory,
)
from tests.feeding import NOW, feed, post, record, refund

pytestmark = pytest.mark.django_db

JANUARY, FEBRUARY, MARCH = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
COLUMNS = (
    "total_gross_revenue",
    "total_platform_fees",
    "total_creator_earnings",
    "total_creator_payouts",
    "total_transactions",
    "total_api_calls",
    "active_subscriptions",
)


def figures(month: date = JANUARY, currency: str = "USD") -> tuple[int, ...] | None:
    return PlatformRevenue.objects.filter(month=month, currency=currency).values_list(*COLUMNS).first()


def refresh(*months: date) -> None:
    services.refresh_months(months or [JANUARY], now=NOW)


def test_a_month_adds_up_all_creators(source: BillingSource) -> None:
    sold = record(amount=1000, api_calls=5, subscription_id="s-1")
    feed(source, sold, record(amount=503, api_id="api-b", api_calls=7), refund(sold, amount=200, api_calls=9))
    post()
    refresh()
    assert figures() == (1303, 261, 1042, 0, 2, 12, 1)


def test_fees_and_earnings_are_summed_over_rounded_rows(source: BillingSource) -> None:
    CommissionRateFactory.create(bps=1_250, effective_from="2024-01-20T00:00:00Z")
    feed(
        source,
        record(amount=3),
        record(amount=3, api_id="api-b"),
        record(amount=4, occurred_at="2024-01-25T00:00:00Z"),
    )
    post()
    refresh()
    assert figures() == (10, 3, 7, 0, 3, 3, 0)


def test_a_subscription_counts_once_among_the_charges_of_the_month(source: BillingSource) -> None:
    sold = record(subscription_id="s-1")
    feed(
        source,
        sold,
        record(subscription_id="s-1", api_id="api-b"),
        record(subscription_id="s-2"),
        record(),
        record(subscription_id="s-3", occurred_at="2024-02-01T00:00:00Z"),
        refund(sold, subscription_id="s-4", amount=1),
    )
    post()
    refresh(JANUARY, FEBRUARY)
    january, february = figures(JANUARY), figures(FEBRUARY)
    assert january
    assert february
    assert (january[-1], february[-1]) == (2, 1)


def test_subscriptions_of_two_sources_are_two(source: BillingSource) -> None:
    feed(source, record(subscription_id="1"))
    feed(SourceFactory.create(), record(subscription_id="1"))
    post()
    services.refresh_stale(now=NOW)
    assert PlatformRevenue.objects.get().active_subscriptions == 2


def test_a_late_record_restates_its_month(source: BillingSource) -> None:
    feed(source, record(amount=100))
    post()
    refresh()
    feed(source, record(amount=50), record(amount=7, occurred_at="2024-02-10T00:00:00Z"))
    post()
    refresh(JANUARY, FEBRUARY)
    assert figures() == (150, 30, 120, 0, 2, 2, 0)
    assert figures(FEBRUARY) == (7, 1, 6, 0, 1, 1, 0)


def test_a_payout_paid_later_restates_its_month(source: BillingSource) -> None:
    feed(source, record())
    post()
    refresh()
    assert figures() == (1000, 200, 800, 0, 1, 1, 0)
    PayoutEventFactory.create(at=datetime(2024, 1, 31, tzinfo=UTC))
    refresh()
    assert figures() == (1000, 200, 800, 8000, 1, 1, 0)


def test_a_month_shows_when_it_was_last_refreshed(source: BillingSource) -> None:
    feed(source, record())
    post()
    for moment in (NOW, NOW + timedelta(hours=1)):
        services.refresh_months([JANUARY], now=moment)
        assert PlatformRevenue.objects.get().refreshed_at == moment


def test_unposted_records_are_in_no_figure(source: BillingSource) -> None:
    feed(source, record(subscription_id="s-1"))
    post()
    feed(source, record(subscription_id="s-2"))
    refresh()
    assert figures() == (1000, 200, 800, 0, 1, 1, 1)


def test_each_currency_has_a_row_of_its_own(source: BillingSource, settings: Settings) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 2500, "EUR": 2500}
    feed(source, record(amount=10, subscription_id="s"), record(amount=20, currency="EUR"))
    post()
    refresh()
    assert figures() == (10, 2, 8, 0, 1, 1, 1)
    assert figures(currency="EUR") == (20, 4, 16, 0, 1, 1, 0)


def test_an_adjustment_is_no_revenue(alice: Creator) -> None:
    CreatorEarningFactory.create(creator=alice, api=None, commission_bps=0, gross=-500, closed_at=NOW)
    refresh()
    assert figures() is None


@pytest.mark.parametrize(
    ("moves", "january", "february"),
    [
        ([("in_transit", "paid", 31)], 8000, None),
        ([("in_transit", "paid", 31), ("paid", "returned", 32)], 8000, -8000),
        ([("in_transit", "paid", 31), ("paid", "returned", 31)], 0, None),
        ([("in_transit", "paid", 30), ("paid", "returned", 31), ("in_transit", "paid", 33)], 0, 8000),
        ([("in_transit", "paid", 31), ("paid", "reversed", 33)], 8000, -8000),
        ([("processing", "in_transit", 31), ("in_transit", "returned", 32)], None, None),
    ],
)
def test_payouts_count_in_the_month_in_which_they_were_paid_or_came_back(
    moves: list[tuple[str, str, int]], january: int | None, february: int | None
) -> None:
    payout = PayoutFactory.create()
    for was, became, day in moves:
        PayoutEventFactory.create(
            payout=payout,
            from_status=PayoutStatus(was),
            to_status=PayoutStatus(became),
            at=datetime(2024, 1, 1, 23, 59, 59, 999999, tzinfo=UTC) + timedelta(days=day - 1),
        )
    refresh(JANUARY, FEBRUARY)
    for month, amount in ((JANUARY, january), (FEBRUARY, february)):
        row = figures(month)
        assert (row and row[3]) == amount


def test_a_payout_paid_at_midnight_counts_in_the_new_month() -> None:
    PayoutEventFactory.create(at=datetime(2024, 2, 1, tzinfo=UTC))
    refresh(JANUARY, FEBRUARY)
    assert figures(JANUARY) is None
    row = figures(FEBRUARY)
    assert row
    assert row[3] == 8000


def test_the_task_takes_months_as_days(source: BillingSource) -> None:
    feed(source, record())
    post()
    tasks.refresh(["2024-01-01"])
    assert figures() == (1000, 200, 800, 0, 1, 1, 0)


def test_the_sweep_finds_months_whose_notice_was_lost(source: BillingSource) -> None:
    feed(source, record(), record(occurred_at="2024-03-01T00:00:00Z"))
    post()
    PayoutEventFactory.create(at=datetime(2024, 2, 20, tzinfo=UTC))
    assert services.refresh_stale(now=NOW) == [JANUARY, FEBRUARY, MARCH]
    assert figures(MARCH) == (1000, 200, 800, 0, 1, 1, 0)


def test_the_sweep_looks_only_at_what_is_new(source: BillingSource) -> None:
    feed(source, record())
    post(now=NOW - timedelta(days=1))
    services.refresh_stale(now=NOW)
    feed(source, record(occurred_at="2024-03-01T00:00:00Z"))
    post(now=NOW)
    assert services.refresh_stale(now=NOW) == [MARCH]


def test_a_lost_notice_is_found_however_long_ago_and_whatever_was_refreshed_since(
    source: BillingSource,
) -> None:
    feed(source, record())
    post(now=NOW)
    services.refresh_stale(now=NOW)
    feed(source, record(amount=5))
    post(now=NOW + timedelta(hours=1))  # its notice is lost, and beat is down
    feed(source, record(occurred_at="2024-03-01T00:00:00Z"))
    post(now=NOW + timedelta(hours=9))
    services.refresh_months([MARCH], now=NOW + timedelta(hours=9))
    services.refresh_stale(now=NOW + timedelta(hours=9))
    assert figures() == (1005, 201, 804, 0, 2, 2, 0)


def test_a_month_whose_sum_overflows_does_not_stop_the_others() -> None:
    for month, gross in [(JANUARY, 9 * 10**18), (JANUARY, 9 * 10**18), (FEBRUARY, 100)]:
        CreatorEarningFactory.create(gross=gross, period_start=month, period_end=month_of(month).end)
    refresh(JANUARY, FEBRUARY)
    assert figures(JANUARY) is None
    assert figures(FEBRUARY) == (100, 20, 80, 0, 0, 0, 0)


def test_a_wrong_figure_is_right_again_within_a_day(source: BillingSource) -> None:
    feed(source, record(amount=1000))
    post()
    services.refresh_stale(now=NOW)
    PlatformRevenue.objects.update(total_gross_revenue=5)
    services.refresh_stale(now=NOW + timedelta(days=1, seconds=1))
    assert PlatformRevenue.objects.get().total_gross_revenue == 1000


def test_months_without_anything_have_no_row() -> None:
    refresh(JANUARY)
    assert not PlatformRevenue.objects.exists()


@given(
    st.lists(st.tuples(st.integers(1, 99), st.booleans(), st.sampled_from("ab"), st.booleans()), max_size=12)
)
@examples(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_incremental_and_full_refreshes_give_the_same_figures(
    source: BillingSource, sales: list[tuple[int, bool, str, bool]]
) -> None:
    prefix = str(id(sales))
    lines: list[dict[str, Any]] = []
    for number, (amount, early, api, refunded) in enumerate(sales):
        month = "01" if early else "02"
        sold = record(
            record_id=f"{prefix}-{number}",
            amount=amount,
            api_id=f"api-{api}",
            occurred_at=f"2024-{month}-10T00:00:00Z",
        )
        lines.append(sold)
        if refunded:
            lines.append(refund(sold, amount=1, occurred_at="2024-02-20T00:00:00Z"))
    for line in lines:
        feed(source, line)
        post()
        refresh(JANUARY, FEBRUARY)
    stepwise = (figures(JANUARY), figures(FEBRUARY))
    PlatformRevenue.objects.all().delete()
    refresh(JANUARY, FEBRUARY)
    assert (figures(JANUARY), figures(FEBRUARY)) == stepwise
