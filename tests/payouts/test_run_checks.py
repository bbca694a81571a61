"""What staff check before they trust a run: its control totals, and whom it pays unlike the run before."""

from datetime import date, timedelta

import pytest
from django.db.models import F, Model

from accounts.models import Creator, CreatorPaymentAccount
from database import sql
from database.staff import Act
from money import Money
from payouts.models import Payout, PayoutAttempt, PayoutLineItem, PayoutRun, RunDecision
from payouts.selectors import ChangeKind, changes_of, control_totals
from payouts.selectors.runs import NAMED
from payouts.services.staff.interventions import cancel_payout, retry_payout
from payouts.states import DecisionReason, PayoutStatus
from tests.payouts.market import CUTOFF, NEXT_CUTOFF, Market
from tests.payouts.tampering import guards_off

pytestmark = pytest.mark.django_db
OCTOBER = "2025-10-10T12:00:00Z"


def the_run() -> PayoutRun:
    return PayoutRun.objects.latest("cutoff")


def run_and_pay(market: Market, cutoff: date) -> None:
    """Make a run, and have all of it paid, so that the next run pays the same creators again."""
    market.run(cutoff)
    with guards_off():
        Payout.objects.update(status=PayoutStatus.PAID, next_retry_at=None, paid_at=sql.now())


def found(kind: ChangeKind) -> dict[str, tuple[int | None, int | None]]:
    """Return what the last run pays, and the run before paid, each creator that changed in this way."""

    def cents(amount: Money | None) -> int | None:
        return None if amount is None else amount.amount

    names = dict(Creator.objects.values_list("pk", "external_id"))
    return {
        names[change.creator_id]: (cents(change.now), cents(change.before))
        for changes in changes_of(the_run())
        if changes.kind is kind
        for change in changes.largest
    }


def test_all_five_sums_of_a_run_are_the_same(sent: Payout, market: Market) -> None:
    made, of_these_sent = control_totals(the_run())
    eighty = Money(80_00, "USD")
    assert (made.decided, made.payouts, made.lines, made.ledger, made.at_stripe) == (*[eighty] * 4, None)
    assert (of_these_sent.ledger, of_these_sent.at_stripe, of_these_sent.count) == (eighty, eighty, 1)
    assert made.agree
    assert of_these_sent.agree


def test_only_what_was_sent_is_compared_with_stripe(sent: Payout, market: Market) -> None:
    bob = market.creator("bob")
    market.sell(bob, 50_00)
    market.run()
    made, of_these_sent = control_totals(the_run())
    assert (made.count, made.payouts, of_these_sent.count) == (2, Money(120_00, "USD"), 1)
    assert of_these_sent.payouts == Money(80_00, "USD")
    assert of_these_sent.agree


def test_a_retry_counts_instead_of_what_it_replaced(market: Market) -> None:
    payout = market.payout(market.creator("alice"))
    dana = Act("dana", "She called")
    cancel_payout(payout.pk, act=dana, now=sql.now())
    retry_payout(payout.pk, act=dana, now=sql.now())
    (made,) = control_totals(the_run())
    assert (made.count, made.decided, made.agree) == (1, Money(80_00, "USD"), True)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (RunDecision, ["amount"]),
        (Payout, ["gross_amount", "net_amount"]),
        (PayoutLineItem, ["gross_revenue", "net_revenue"]),
        (PayoutAttempt, ["amount"]),
    ],
)
def test_a_cent_too_much_anywhere_is_noticed(sent: Payout, model: type[Model], fields: list[str]) -> None:
    with guards_off():
        model._default_manager.update(**{field: F(field) + 1 for field in fields})
    assert not all(total.agree for total in control_totals(the_run()))


def test_the_first_run_of_all_pays_everybody_for_the_first_time(market: Market) -> None:
    market.payout(market.creator("alice"))
    assert [changes.kind for changes in changes_of(the_run())] == [ChangeKind.FIRST]
    assert found(ChangeKind.FIRST) == {"alice": (80_00, None)}


def test_creators_are_new_or_gone_by_the_run_before(market: Market) -> None:
    alice, bob, carol, dave = market.creators(["alice", "bob", "carol", "dave"])
    market.sell_all([alice, bob, carol], 100_00)
    run_and_pay(market, CUTOFF)
    market.sell_all([alice, bob, dave], 100_00, at=OCTOBER)
    CreatorPaymentAccount.objects.filter(creator=bob).update(account_status="restricted")
    run_and_pay(market, NEXT_CUTOFF)
    assert found(ChangeKind.FIRST) == {"dave": (80_00, None)}
    assert found(ChangeKind.GONE) == {"bob": (None, 80_00), "carol": (None, 80_00)}
    (gone,) = [each for each in changes_of(the_run()) if each.kind is ChangeKind.GONE]
    assert (gone.count, gone.total) == (2, Money(160_00, "USD"))
    assert {change.reason for change in gone.largest} == {DecisionReason.ACCOUNT_RESTRICTED, None}
    assert found(ChangeKind.NEW) == {}

    CreatorPaymentAccount.objects.filter(creator=bob).update(account_status="active")
    market.sell(bob, 100_00, at="2025-11-10T12:00:00Z")
    market.run(NEXT_CUTOFF.replace(month=12))
    assert found(ChangeKind.NEW) == {"bob": (160_00, None)}


@pytest.mark.parametrize(("gross", "is_named"), [(300_00, False), (300_02, True)])
def test_who_earns_over_three_times_as_much_is_named(market: Market, gross: int, is_named: bool) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    run_and_pay(market, CUTOFF)
    market.sell(alice, gross, at=OCTOBER)
    market.run(NEXT_CUTOFF)
    assert ("alice" in found(ChangeKind.GROWN)) is is_named


@pytest.mark.parametrize(("days_before", "is_named"), [(31, False), (29, True), (-1, False)])
def test_a_bank_account_that_changed_lately_is_named(
    market: Market, days_before: int, is_named: bool
) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    run_and_pay(market, CUTOFF)
    market.sell(alice, 100_00, at=OCTOBER)
    market.run(NEXT_CUTOFF)
    changed = the_run().created_at - timedelta(days=days_before)
    CreatorPaymentAccount.objects.update(external_account_since=changed)
    assert ("alice" in found(ChangeKind.DESTINATION)) is is_named


def test_the_largest_of_many_changes_are_named_and_all_are_counted(market: Market) -> None:
    creators = market.creators([f"creator-{number:02}" for number in range(NAMED + 2)])
    market.sell_all(creators, 100_00)
    market.sell(creators[-1], 10_00)
    market.run(CUTOFF)
    (first,) = changes_of(the_run())
    assert (first.count, len(first.largest)) == (NAMED + 2, NAMED)
    assert first.total == Money((NAMED + 2) * 80_00 + 8_00, "USD")
    assert first.largest[0].creator_id == creators[-1].pk


def test_a_payout_that_never_arrived_was_no_first_payout(market: Market) -> None:
    payout = market.payout(market.creator("alice"))
    cancel_payout(payout.pk, act=Act("dana", "She called"), now=sql.now())
    market.run(NEXT_CUTOFF)
    assert found(ChangeKind.FIRST) == {"alice": (80_00, 80_00)}
