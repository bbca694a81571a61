"""A run deducts what creators owe by then, whichever later month it is from."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import AccountStatus, Creator
from database import sql
from database.staff import Act
from earnings.models import AdjustmentKind, CreatorEarning
from earnings.services import adjustments
from ledger.models import AccountKind
from money import Money
from payouts import selectors
from payouts.models import Payout, PayoutLineItem, RunDecision
from payouts.services.deciding import runs
from payouts.services.staff import interventions
from payouts.states import DecisionReason, PayoutStatus
from tests.payouts.market import CUTOFF, NEXT_CUTOFF, Market, balance, unsound

pytestmark = pytest.mark.django_db

OCTOBER = "2025-10-03T12:00:00Z"
LATER_CUTOFF = date(2025, 12, 1)
WHY = Act("dana", "a test")


@pytest.fixture
def alice(market: Market) -> Creator:
    return market.creator("alice")


def paid(creator: Creator) -> list[int]:
    """List what live payouts pay the creator, in the order of their runs."""
    assert unsound() == {}
    live = Payout.objects.filter(creator=creator).exclude(status=PayoutStatus.CANCELLED)
    return list(live.order_by("run__cutoff").values_list("net_amount", flat=True))


def let_the_next_be_made() -> None:
    """Age pending payouts, so that they don't block the next."""
    Payout.objects.update(created_at=sql.now() - timedelta(days=30))


def decided(creator: Creator) -> tuple[str, int]:
    decision = RunDecision.objects.get(creator=creator, run__cutoff=CUTOFF)
    return decision.reason, decision.amount


def unclaimed(creator: Creator) -> list[int]:
    rows = CreatorEarning.objects.filter(creator=creator, payout=None)
    return list(rows.order_by("period_start", "created_at").values_list("net", flat=True))


def test_a_debt_that_is_known_by_the_time_of_the_run_counts(market: Market, alice: Creator) -> None:
    market.sell(alice, 10_000_00, at="2025-09-30T23:00:00Z")
    market.record("chargeback", alice, 10_000_00, at="2025-10-01T00:00:01Z")
    market.run()
    assert not Payout.objects.exists()


def test_a_refund_in_the_current_month_is_deducted(market: Market, alice: Creator) -> None:
    market.sell(alice, 100_00)
    market.refund(alice, 25_00, at=OCTOBER)
    market.run()
    assert paid(alice) == [60_00]
    assert unclaimed(alice) == []
    assert balance(alice.pk, AccountKind.CREATOR_PAYABLE) == 0


def test_debts_keep_their_month_and_are_not_part_of_the_payouts_period(
    market: Market, alice: Creator
) -> None:
    market.sell(alice, 100_00, at="2025-08-10T12:00:00Z")
    market.sell(alice, 100_00)
    market.refund(alice, 25_00, at=OCTOBER)
    market.adjust(alice, -5_00, booked_at=datetime(2025, 11, 5, tzinfo=UTC))
    market.run()
    payout = Payout.objects.get()
    assert (payout.period_start, payout.period_end) == (date(2025, 8, 1), CUTOFF)
    lines = payout.line_items.order_by("period_start")
    assert list(lines.values_list("period_start", "period_end", "net_revenue")) == [
        (date(2025, 8, 1), date(2025, 9, 1), 80_00),
        (date(2025, 9, 1), CUTOFF, 80_00),
        (CUTOFF, NEXT_CUTOFF, -20_00),
        (date(2025, 11, 5), date(2025, 11, 6), -5_00),
    ]
    assert paid(alice) == [135_00]


def test_without_payable_earnings_a_debt_is_not_claimed(market: Market, alice: Creator) -> None:
    market.refund(alice, 25_00, at=OCTOBER)
    market.run()
    assert not RunDecision.objects.exists()
    assert CreatorEarning.objects.get().closed_at is None


def test_a_debt_in_another_currency_is_not_claimed(
    market: Market, alice: Creator, settings: Settings
) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 25_00, "EUR": 25_00}
    market.sell(alice, 100_00)
    market.refund(alice, 25_00, at=OCTOBER, currency="EUR")
    assert market.run().creators == {(DecisionReason.PAID, "USD"): 1}
    assert paid(alice) == [80_00]
    assert unclaimed(alice) == [-20_00]


def test_a_positive_earning_of_a_later_month_is_never_claimed(market: Market, alice: Creator) -> None:
    """Even if there are refunds in it."""
    market.sell(alice, 100_00)
    market.sell(alice, 50_00, at=OCTOBER)
    market.refund(alice, 25_00, at=OCTOBER)
    market.sell(alice, 30_00, at="2025-11-03T12:00:00Z")
    market.refund(alice, 30_00, at="2025-11-03T12:00:00Z")
    market.run()
    assert paid(alice) == [80_00]
    assert unclaimed(alice) == [20_00, 0]


def test_of_adjustments_after_the_cutoff_only_negative_ones_are_claimed(
    market: Market, alice: Creator
) -> None:
    market.sell(alice, 100_00)
    for amount in (-5_00, 7_00):
        market.adjust(alice, amount, booked_at=datetime(2025, 10, 1, tzinfo=UTC))
    market.run()
    assert paid(alice) == [75_00]
    assert unclaimed(alice) == [7_00]


def test_an_unexpected_transfer_is_deducted_from_the_next_payout(market: Market, alice: Creator) -> None:
    market.sell(alice, 100_00)
    adjustments.book_automatic_adjustment(
        alice.pk,
        amount=Money(-30_00, "USD"),
        kind=AdjustmentKind.UNEXPECTED_TRANSFER,
        reason="tr_1",
        source_key="transfer:tr_1:unexpected",
        now=sql.now(),
    )
    market.run()
    assert paid(alice) == [50_00]


@pytest.mark.parametrize(
    ("refund", "reason", "amount"),
    [
        (68_75, DecisionReason.PAID, 25_00),
        (68_76, DecisionReason.BELOW_MINIMUM, 24_99),
        (100_00, DecisionReason.BELOW_MINIMUM, 0),
        (110_00, DecisionReason.NEGATIVE_BALANCE, -8_00),
    ],
)
def test_the_minimum_applies_to_the_whole_sum(
    market: Market, alice: Creator, refund: int, reason: DecisionReason, amount: int
) -> None:
    market.sell(alice, 100_00)
    market.refund(alice, refund, at=OCTOBER)
    market.run()
    assert decided(alice) == (reason, amount)
    assert paid(alice) == ([amount] if reason == DecisionReason.PAID else [])


def test_without_a_payout_nothing_is_claimed(market: Market, alice: Creator) -> None:
    market.sell(alice, 100_00)
    market.refund(alice, 100_00, at=OCTOBER)
    market.run()
    assert not CreatorEarning.objects.exclude(closed_at=None).exists()
    market.sell(alice, 150_00, at=OCTOBER)
    market.run(NEXT_CUTOFF)
    assert paid(alice) == [120_00]


def test_over_three_runs_nothing_is_counted_twice(market: Market, alice: Creator) -> None:
    """Claiming a debt closes it. Later records of its month open a new row."""
    market.sell(alice, 100_00)
    market.refund(alice, 25_00, at=OCTOBER)
    market.run()
    market.sell(alice, 200_00, at=OCTOBER)
    market.refund(alice, 10_00, at="2025-11-03T12:00:00Z")
    let_the_next_be_made()
    market.run(NEXT_CUTOFF)
    market.sell(alice, 300_00, at="2025-11-04T12:00:00Z")
    let_the_next_be_made()
    market.run(LATER_CUTOFF)
    assert paid(alice) == [60_00, 152_00, 240_00]
    rows = CreatorEarning.objects.order_by("period_start", "created_at")
    assert list(rows.values_list("period_start", "net")) == [
        (date(2025, 9, 1), 80_00),
        (date(2025, 10, 1), -20_00),
        (date(2025, 10, 1), 160_00),
        (date(2025, 11, 1), -8_00),
        (date(2025, 11, 1), 240_00),
    ]
    assert PayoutLineItem.objects.count() == 5


def test_repeating_a_run_claims_no_newer_debts(market: Market, alice: Creator) -> None:
    market.payout(alice)
    market.refund(alice, 25_00, at=OCTOBER)
    assert not market.run().creators
    assert paid(alice) == [80_00]
    assert unclaimed(alice) == [-20_00]


def test_a_retry_deducts_debts_known_by_then(market: Market, alice: Creator) -> None:
    payout = market.payout(alice)
    interventions.cancel_payout(payout.pk, act=WHY, now=sql.now())
    market.refund(alice, 25_00, at=OCTOBER)
    again = interventions.retry_payout(payout.pk, act=WHY, now=sql.now())
    assert (again.net_amount, again.period_end) == (60_00, CUTOFF)
    assert paid(alice) == [60_00]


def test_a_cancelled_payout_releases_its_debts_too(market: Market, alice: Creator) -> None:
    market.sell(alice, 100_00)
    market.refund(alice, 25_00, at=OCTOBER)
    market.run()
    interventions.cancel_payout(Payout.objects.get().pk, act=WHY, now=sql.now())
    assert unclaimed(alice) == [80_00, -20_00]
    market.refund(alice, 5_00, at=OCTOBER)
    market.run(NEXT_CUTOFF)
    assert paid(alice) == [56_00]
    assert Payout.objects.get(run__cutoff=NEXT_CUTOFF).period_end == NEXT_CUTOFF


def owe(market: Market, alice: Creator) -> None:
    market.sell(alice, 100_00)
    market.refund(alice, 25_00, at=OCTOBER)


def owe_too_much(market: Market, alice: Creator) -> None:
    market.sell(alice, 30_00)
    market.refund(alice, 25_00, at=OCTOBER)


def owe_more_than_all(market: Market, alice: Creator) -> None:
    market.sell(alice, 20_00)
    market.refund(alice, 25_00, at=OCTOBER)


def owe_by_correction(market: Market, alice: Creator) -> None:
    market.sell(alice, 100_00)
    market.sell(alice, 50_00, at=OCTOBER)
    market.adjust(alice, -30_00, booked_at=datetime(2025, 10, 5, tzinfo=UTC))


def earn_back_a_write_off(market: Market, alice: Creator) -> None:
    market.refund(alice, 50_00)
    market.write_off(alice)
    market.sell(alice, 100_00)
    market.sell(alice, 20_00, at=OCTOBER)


@pytest.mark.parametrize(
    "happen", [owe, owe_too_much, owe_more_than_all, owe_by_correction, earn_back_a_write_off]
)
def test_forecasts_deduct_the_same_debts_as_the_run(
    market: Market, alice: Creator, happen: Callable[[Market, Creator], None]
) -> None:
    happen(market, alice)
    upcoming = selectors.upcoming_of(alice.pk, requested=None, now=datetime(2025, 9, 20, tzinfo=UTC))
    foreseen = runs.forecast_run(cutoff=CUTOFF, now=sql.now())
    preview = runs.preview_run(cutoff=CUTOFF, now=sql.now())
    made = market.run()
    assert made == preview
    assert (made.amounts, made.creators) == (foreseen.amounts, foreseen.creators)
    assert decided(alice) == (
        upcoming.blockers[0] if upcoming.blockers else DecisionReason.PAID,
        upcoming.payable_net,
    )
    assert upcoming.period.end == CUTOFF


def test_without_payable_earnings_the_upcoming_payout_is_below_the_minimum(
    market: Market, alice: Creator
) -> None:
    market.refund(alice, 25_00, at=OCTOBER)
    upcoming = selectors.upcoming_of(alice.pk, requested=None, now=datetime(2025, 9, 20, tzinfo=UTC))
    assert (upcoming.unclaimed_net, upcoming.payable_net) == (-20_00, 0)
    assert upcoming.blockers == (DecisionReason.BELOW_MINIMUM,)


def test_undoing_a_write_off_is_no_debt(market: Market, alice: Creator) -> None:
    """So goodwill is paid in full, although October's earnings undo part of the write-off."""
    market.refund(alice, 100_00, at="2025-08-12T12:00:00Z")
    market.write_off(alice)
    market.adjust(alice, 50_00, booked_at=datetime(2025, 9, 20, tzinfo=UTC))
    market.sell(alice, 50_00, at=OCTOBER)
    market.run()
    assert paid(alice) == [50_00]
    assert unclaimed(alice) == [40_00, -40_00]
    market.sell(alice, 100_00, at=OCTOBER)
    let_the_next_be_made()
    market.run(NEXT_CUTOFF)
    assert paid(alice) == [50_00, 40_00]


def test_a_debt_that_was_written_off_is_deducted_once(market: Market, alice: Creator) -> None:
    """Alice earned $160 and owed $240, of which $80 were written off. The $240 earned since undo that first."""
    market.sell(alice, 200_00)
    market.refund(alice, 300_00, at=OCTOBER)
    market.write_off(alice)
    market.sell(alice, 300_00)
    market.run()
    assert paid(alice) == [160_00]
    assert sum(unclaimed(alice)) == 0


@pytest.mark.full
def test_debts_of_many_creators_take_as_many_statements_as_of_few(market: Market) -> None:
    def statements(names: list[str]) -> int:
        creators = market.creators(names)
        market.sell_all(creators, 100_00)
        market.sell_all(creators, 25_00, kind="refund", at=OCTOBER)
        with CaptureQueriesContext(connection) as captured:
            assert market.run().amounts == {(DecisionReason.PAID, "USD"): 60_00 * len(names)}
        return len(captured)

    statements(["first"])
    few = statements([f"few-{number}" for number in range(10)])
    assert statements([f"many-{number}" for number in range(1_000)]) == few
    assert unsound() == {}


def test_a_blocked_payout_claims_no_debts(market: Market) -> None:
    bob = market.creator("bob", account=AccountStatus.RESTRICTED)
    market.sell(bob, 100_00)
    market.refund(bob, 25_00, at=OCTOBER)
    market.run()
    assert decided(bob) == (DecisionReason.ACCOUNT_RESTRICTED, 60_00)
    assert unclaimed(bob) == [80_00, -20_00]
