"""What a run decides for each creator, and why."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from accounts.models import AccountStatus, Creator, HoldSource
from accounts.services.holds import place_hold
from database import sql
from database.staff import Act
from ledger import services as ledger
from ledger.models import AccountKind
from ledger.services import Line
from money import Money
from payouts.models import Payout, RunDecision
from payouts.selectors import upcoming_of
from payouts.states import DecisionReason, PayoutStatus
from tests.factories import PayoutEventFactory
from tests.payouts.market import GROSS_OF_THE_MINIMUM, NEXT_CUTOFF, Market, unsound

pytestmark = pytest.mark.django_db


def decision(creator: Creator) -> RunDecision:
    return RunDecision.objects.filter(creator=creator).latest("decided_at")


@pytest.mark.parametrize(
    ("gross", "net", "reason"),
    [
        (GROSS_OF_THE_MINIMUM - 1, 24_99, DecisionReason.BELOW_MINIMUM),
        (GROSS_OF_THE_MINIMUM, 25_00, DecisionReason.PAID),
        (GROSS_OF_THE_MINIMUM + 1, 25_01, DecisionReason.PAID),
    ],
)
def test_the_minimum_is_paid_and_one_cent_less_is_not(
    market: Market, gross: int, net: int, reason: DecisionReason
) -> None:
    alice = market.creator("alice")
    market.sell(alice, gross)
    market.run()
    assert (decision(alice).reason, decision(alice).amount) == (reason, net)
    assert Payout.objects.exists() is (reason == DecisionReason.PAID)
    assert unsound() == {}


def test_small_amounts_add_up_until_the_minimum_is_reached(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 20_00, at="2025-09-10T12:00:00Z")
    market.run()
    assert decision(alice).reason == DecisionReason.BELOW_MINIMUM
    market.sell(alice, 20_00, at="2025-10-10T12:00:00Z")
    market.run(NEXT_CUTOFF)
    assert Payout.objects.get().net_amount == 32_00


def test_a_negative_balance_is_carried_and_never_sent(market: Market) -> None:
    alice = market.creator("alice")
    market.refund(alice, 10_00)
    market.run()
    assert (decision(alice).reason, decision(alice).amount) == (DecisionReason.NEGATIVE_BALANCE, -8_00)
    market.sell(alice, 100_00, at="2025-10-10T12:00:00Z")
    market.run(NEXT_CUTOFF)
    assert Payout.objects.get().net_amount == 72_00
    assert unsound() == {}


def test_a_balance_of_zero_is_below_the_minimum(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 10_00)
    market.refund(alice, 10_00)
    market.run()
    assert decision(alice).reason == DecisionReason.BELOW_MINIMUM
    assert not Payout.objects.exists()


def test_a_currency_without_a_minimum_is_not_paid(market: Market, settings: Settings) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    settings.MINIMUM_PAYOUT = {"EUR": 25_00}
    market.run()
    assert decision(alice).reason == DecisionReason.NO_MINIMUM_FOR_CURRENCY


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        (None, DecisionReason.NO_ACCOUNT),
        (AccountStatus.NOT_CREATED, DecisionReason.NO_ACCOUNT),
        (AccountStatus.PENDING, DecisionReason.ONBOARDING_INCOMPLETE),
        (AccountStatus.ONBOARDING, DecisionReason.ONBOARDING_INCOMPLETE),
        (AccountStatus.ACTIVE, DecisionReason.PAID),
        (AccountStatus.RESTRICTED, DecisionReason.ACCOUNT_RESTRICTED),
        (AccountStatus.DISABLED, DecisionReason.ACCOUNT_RESTRICTED),
    ],
)
def test_only_an_active_account_is_paid(
    market: Market, account: AccountStatus | None, reason: DecisionReason
) -> None:
    alice = market.creator("alice", account=account)
    market.sell(alice, 100_00)
    market.run()
    assert decision(alice).reason == reason
    assert Payout.objects.exists() is (reason == DecisionReason.PAID)


def test_a_replaced_account_is_ignored(market: Market) -> None:
    alice = market.creator("alice")
    alice.payment_accounts.update(replaced_at="2025-09-01T00:00:00Z")
    market.sell(alice, 100_00)
    market.run()
    assert decision(alice).reason == DecisionReason.NO_ACCOUNT


def test_a_creator_on_hold_gets_no_payout(market: Market) -> None:
    alice, bob = market.creators(["alice", "bob"])
    market.sell_all([alice, bob], 100_00)
    place_hold(alice, source=HoldSource.STAFF, act=Act("eve", "looks odd"))
    market.run()
    assert decision(alice).reason == DecisionReason.ON_HOLD
    assert Payout.objects.get().creator == bob


def test_a_lifted_hold_blocks_nobody(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    hold = place_hold(alice, source=HoldSource.STAFF, act=Act("eve", "looks odd"))
    hold.lifted_at = hold.placed_at
    hold.save(update_fields=["lifted_at"])
    market.run()
    assert decision(alice).reason == DecisionReason.PAID


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (PayoutStatus.PENDING, DecisionReason.PREVIOUS_PAYOUT_OPEN),
        (PayoutStatus.ON_HOLD, DecisionReason.PREVIOUS_PAYOUT_OPEN),
        (PayoutStatus.PROCESSING, DecisionReason.PREVIOUS_PAYOUT_OPEN),
        (PayoutStatus.UNRESOLVED, DecisionReason.PREVIOUS_PAYOUT_OPEN),
        (PayoutStatus.RETURNED, DecisionReason.PREVIOUS_PAYOUT_OPEN),
        (PayoutStatus.IN_TRANSIT, DecisionReason.PAID),
        (PayoutStatus.PAID, DecisionReason.PAID),
    ],
)
def test_an_open_payout_blocks_the_next(market: Market, status: PayoutStatus, reason: DecisionReason) -> None:
    alice = market.creator("alice")
    first = market.payout(alice)
    Payout.objects.filter(pk=first.pk).update(status=status, paid_at=sql.now())
    market.sell(alice, 100_00, at="2025-10-10T12:00:00Z")
    market.run(NEXT_CUTOFF)
    assert decision(alice).reason == reason
    assert Payout.objects.count() == (2 if reason == DecisionReason.PAID else 1)


def test_an_open_payout_in_one_currency_blocks_no_other(market: Market, settings: Settings) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 25_00, "EUR": 25_00}
    alice = market.creator("alice")
    market.payout(alice)
    market.sell(alice, 100_00, currency="EUR", at="2025-10-10T12:00:00Z")
    market.sell(alice, 100_00, at="2025-10-10T12:00:00Z")
    assert market.run(NEXT_CUTOFF).creators == {
        (DecisionReason.PAID, "EUR"): 1,
        (DecisionReason.PREVIOUS_PAYOUT_OPEN, "USD"): 1,
    }


def test_late_earnings_in_another_currency_are_paid_by_the_same_run(
    market: Market, settings: Settings
) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 25_00, "EUR": 25_00}
    alice = market.creator("alice")
    market.payout(alice)
    market.sell(alice, 100_00, currency="EUR")
    market.sell(alice, 100_00)
    assert market.run().creators == {(DecisionReason.PAID, "EUR"): 1}
    assert unsound() == {}


def test_nobody_is_paid_from_books_that_disagree(market: Market) -> None:
    alice, bob = market.creators(["alice", "bob"])
    market.sell_all([alice, bob], 100_00)
    ledger.post(
        source_key="a mistake",
        kind="mistake",
        lines=[
            Line(AccountKind.SUSPENSE, Money(-1, "USD")),
            Line(AccountKind.CREATOR_PAYABLE, Money(1, "USD"), creator_id=alice.pk),
        ],
    )
    market.run()
    assert decision(alice).reason == DecisionReason.BOOKS_DISAGREE
    assert Payout.objects.get().creator == bob


def test_a_decision_is_renewed_when_the_run_is_made_again(market: Market) -> None:
    alice = market.creator("alice", account=None)
    market.sell(alice, 100_00)
    market.run()
    assert decision(alice).reason == DecisionReason.NO_ACCOUNT
    alice.payment_accounts.create(
        account_status=AccountStatus.ACTIVE, stripe_account_id="acct_alice", api="v1"
    )
    market.run()
    renewed = RunDecision.objects.get(creator=alice)
    assert (renewed.reason, renewed.payout) == (DecisionReason.PAID, Payout.objects.get())


def test_only_creators_with_payable_rows_are_considered(market: Market) -> None:
    alice, bob = market.creators(["alice", "bob"])
    market.sell(bob, 100_00, at="2025-10-10T12:00:00Z")
    assert not market.run().creators
    assert not RunDecision.objects.filter(creator__in=[alice, bob]).exists()


def age(creator: Creator, status: PayoutStatus, *, days: float) -> None:
    """Put the creator's payout in this state, created so many days ago."""
    payout = Payout.objects.get(creator=creator)
    if payout.status != status:
        PayoutEventFactory.create(payout=payout, from_status=payout.status, to_status=status)
    Payout.objects.filter(pk=payout.pk).update(
        status=status, created_at=sql.now() - timedelta(days=days), next_retry_at=None
    )


def foreseen(creator: Creator) -> tuple[str, ...]:
    return upcoming_of(creator.pk, requested=None, now=sql.now()).blockers


@pytest.mark.parametrize("status", [PayoutStatus.PENDING, PayoutStatus.ON_HOLD])
def test_an_unsent_payout_blocks_the_next_for_only_ten_days(market: Market, status: PayoutStatus) -> None:
    alice = market.creator("alice")
    market.payout(alice)
    market.sell(alice, 100_00, at="2025-10-10T12:00:00Z")
    age(alice, status, days=9.9)
    market.run(NEXT_CUTOFF)
    assert decision(alice).reason == DecisionReason.PREVIOUS_PAYOUT_OPEN
    assert foreseen(alice) == (DecisionReason.PREVIOUS_PAYOUT_OPEN,)
    age(alice, status, days=10.1)
    assert foreseen(alice) == ()
    market.run(NEXT_CUTOFF)
    assert decision(alice).reason == DecisionReason.PAID
    assert Payout.objects.count() == 2
    assert unsound() == {}


@pytest.mark.parametrize("status", [PayoutStatus.PROCESSING, PayoutStatus.UNRESOLVED, PayoutStatus.RETURNED])
def test_a_payout_with_an_unknown_outcome_blocks_the_next_however_old(
    market: Market, status: PayoutStatus
) -> None:
    alice = market.creator("alice")
    market.payout(alice)
    market.sell(alice, 100_00, at="2025-10-10T12:00:00Z")
    age(alice, status, days=400)
    market.run(NEXT_CUTOFF)
    assert decision(alice).reason == DecisionReason.PREVIOUS_PAYOUT_OPEN
    assert foreseen(alice) == (DecisionReason.PREVIOUS_PAYOUT_OPEN,)


def test_a_slow_bank_does_not_make_a_monthly_creator_two_monthly(market: Market) -> None:
    alice = market.creator("alice")
    market.payout(alice)
    market.sell(alice, 100_00, at="2025-10-10T12:00:00Z")
    age(alice, PayoutStatus.IN_TRANSIT, days=1)
    market.run(NEXT_CUTOFF)
    assert decision(alice).reason == DecisionReason.PAID
