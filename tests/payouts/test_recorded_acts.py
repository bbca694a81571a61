"""Every act of staff leaves one row that says who, where, what, to which row and why; a refused one leaves none."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db.models import Model

from accounts.groups import StaffGroup
from accounts.models import CreatorPaymentAccount, Hold
from accounts.services import creators, holds, payment_accounts
from database import sql
from database.acts import Kind
from database.models import RecordedAct
from database.refusals import Refusal
from database.staff import SYSTEM, Act, Via
from earnings.errors import SecondPersonNeeded
from earnings.models import BillingSource
from earnings.services import adjustments, catalog, commission
from money import Money
from payouts.models import (
    Difference,
    DifferenceKind,
    PauseCause,
    Payout,
    PayoutRun,
    PlacementTarget,
    SendingPause,
    SuspensePlacement,
)
from payouts.services import differences, sending
from payouts.services.deciding import gate, pauses, run_size
from payouts.services.staff import interventions, placements
from tests.factories import UserFactory, user_in
from tests.local_stripe import Stripe
from tests.payouts.market import CUTOFF, Market
from tests.reasons import Reason, reasons, without_their_act

pytestmark = pytest.mark.django_db
Perform = Callable[[Act], object]
Prepare = Callable[[Market], Perform]
EARLIER = Act("sam", "Some days ago")
# Recorded by the tests of their own services: batches, replays, users, log-ins, and what only the console offers.
ELSEWHERE = {
    Kind.ADD_SOURCE,
    Kind.ISSUE_TOKEN,
    Kind.RETRY_BATCH,
    Kind.QUARANTINE_BATCH,
    Kind.RETRY_QUARANTINE,
    Kind.ACCEPT_UNLINKED,
    Kind.REPLAY_EVENT,
    Kind.IGNORE_INSTALLATION,
    Kind.HEED_INSTALLATION,
    Kind.SYNC_ACCOUNT,
    Kind.ADD_NOTE,
    Kind.ASK_AGAIN,
    Kind.VIEW_AS_CREATOR,
    Kind.EXPORT,
    Kind.LOG_IN,
    Kind.FAIL_LOG_IN,
    Kind.LOG_OUT,
    Kind.ADD_USER,
    Kind.CHANGE_USER,
    Kind.CHANGE_PASSWORD,
    Kind.CHANGE_SCHEDULE,
}


def release(market: Market) -> Perform:
    alice = market.creator("alice")
    interventions.hold_creator(alice, act=EARLIER, now=sql.now())
    return lambda act: interventions.release_creator(alice, act=act, now=sql.now())


def end_cool_down(market: Market) -> Perform:
    alice = market.creator("alice")
    holds.cool_down(alice, reason="A new bank account", now=sql.now())
    return lambda act: holds.end_cool_down(alice, act=act, now=sql.now())


def try_again(market: Market) -> Perform:
    alice = market.creator("alice")
    holds.hold_until_paid_elsewhere(alice.pk, reason="Three refusals")
    return lambda act: holds.try_again(alice, act=act, now=sql.now())


def cancel(market: Market) -> Perform:
    payout = market.payout(market.creator("alice"))
    return lambda act: interventions.cancel_payout(payout.pk, act=act, now=sql.now())


def retry(market: Market) -> Perform:
    payout = market.payout(market.creator("alice"))
    interventions.cancel_payout(payout.pk, act=EARLIER, now=sql.now())
    return lambda act: interventions.retry_payout(payout.pk, act=act, now=sql.now())


def decide(verb: Callable[..., object]) -> Prepare:
    def prepare(market: Market) -> Perform:
        alice = market.creator("alice")
        proposed = adjustments.propose_adjustment(alice, amount=Money(5, "USD"), act=EARLIER)
        return lambda act: verb(proposed.pk, act=act, now=sql.now())

    return prepare


def end_rate(market: Market) -> Perform:
    alice, tomorrow = market.creator("alice"), sql.now() + timedelta(days=1)
    commission.set_rate(1_000, of=alice, effective_from=tomorrow, act=EARLIER)
    later = tomorrow + timedelta(days=1)
    return lambda act: commission.end_rate(of=alice, effective_from=later, act=act)


def resume(market: Market) -> Perform:
    pauses.pause_sending(act=EARLIER, now=sql.now())
    return lambda act: pauses.resume_sending(act=act, now=sql.now())


def release_run(market: Market) -> Perform:
    market.payout(market.creator("alice"))
    run, now = PayoutRun.objects.get(), sql.now()
    pauses.open_pause(PauseCause.RUN_SIZE, currency="USD", run=run, detail="Large", probe_at=now, now=now)
    return lambda act: run_size.release_run(cutoff=CUTOFF, currency=None, act=act, now=sql.now())


def difference(verb: Callable[..., object]) -> Prepare:
    def prepare(market: Market) -> Perform:
        found = differences.open_difference(
            DifferenceKind.UNKNOWN_TRANSFER,
            subject="tr_1",
            amount=Money(5, "USD"),
            detail="?",
            now=sql.now(),
            creator_id=market.creator("alice").pk,
        )
        return lambda act: verb(found.pk, act)

    return prepare


def set_details(market: Market) -> Perform:
    alice = market.creator("alice")
    return lambda act: creators.set_details(alice, email="new@example.com", country=None, act=act)


# What is refused when it is done again.
ONCE: dict[Kind, tuple[Prepare, type[Model] | None]] = {
    Kind.RELEASE: (release, None),
    Kind.END_COOL_DOWN: (end_cool_down, None),
    Kind.TRY_AGAIN: (try_again, None),
    Kind.CANCEL_PAYOUT: (cancel, Payout),
    Kind.RETRY_PAYOUT: (retry, Payout),
    Kind.APPROVE_ADJUSTMENT: (decide(adjustments.approve_adjustment), None),
    Kind.DECLINE_ADJUSTMENT: (decide(adjustments.decline_adjustment), None),
    Kind.END_COMMISSION: (end_rate, None),
    Kind.RESUME_SENDING: (resume, None),
    Kind.PAUSE_SENDING: (
        lambda market: lambda act: pauses.pause_sending(act=act, now=sql.now()),
        SendingPause,
    ),
    Kind.RELEASE_RUN: (release_run, PayoutRun),
    Kind.RESOLVE_DIFFERENCE: (
        difference(lambda pk, act: differences.resolve_difference(pk, act=act, now=sql.now())),
        Difference,
    ),
    Kind.EDIT_CREATOR: (set_details, None),
}


def hold(market: Market) -> Perform:
    alice = market.creator("alice")
    return lambda act: interventions.hold_creator(alice, act=act, now=sql.now())


def replace_account(market: Market) -> Perform:
    market.creator("alice")
    account = CreatorPaymentAccount.objects.get()
    return lambda act: payment_accounts.replace_payment_account(account, act=act, now=sql.now())


def propose(market: Market) -> Perform:
    alice = market.creator("alice")
    return lambda act: adjustments.propose_adjustment(alice, amount=Money(5, "USD"), act=act)


def propose_write_off(market: Market) -> Perform:
    alice = market.creator("alice")
    market.refund(alice, 5_00)
    return lambda act: adjustments.propose_write_off(alice, currency="USD", act=act)


def set_rate(market: Market) -> Perform:
    tomorrow = sql.now() + timedelta(days=1)
    return lambda act: commission.set_rate(1_000, of=None, effective_from=tomorrow, act=act)


def assign(market: Market) -> Perform:
    market.creator("alice")
    source = BillingSource.objects.get()
    return lambda act: catalog.assign_apis(["api-alice"], source=source, act=act)


def recover(market: Market) -> Perform:
    now = sql.now()
    pauses.open_pause(PauseCause.BEHIND_STRIPE, detail="tr_1 is unknown", probe_at=now, now=now)
    return lambda act: gate.end_recovery(act=act, now=sql.now())


# What can be done again.
AGAIN: dict[Kind, tuple[Prepare, type[Model] | None]] = {
    Kind.HOLD: (hold, Hold),
    Kind.REPLACE_ACCOUNT: (replace_account, CreatorPaymentAccount),
    Kind.PROPOSE_ADJUSTMENT: (propose, None),
    Kind.PROPOSE_WRITE_OFF: (propose_write_off, None),
    Kind.SET_COMMISSION: (set_rate, None),
    Kind.ASSIGN_API: (assign, BillingSource),
    Kind.OWN_DIFFERENCE: (
        difference(lambda pk, act: differences.own_difference(pk, act=act)),
        Difference,
    ),
    Kind.RECOVER: (recover, None),
}
AT_STRIPE = {
    Kind.SYNC_PAYOUT,
    Kind.REVERSE_PAYOUT,
    Kind.WITHDRAW_REVERSAL,
    Kind.SETTLE_PAYOUT,
    Kind.PROPOSE_PLACEMENT,
    Kind.APPROVE_PLACEMENT,
    Kind.DECLINE_PLACEMENT,
}


@pytest.fixture
def by_dana(db: None) -> Act:
    """An act of dana in the console, whose proposals somebody else can approve."""
    user_in(StaffGroup.APPROVER)
    dana = UserFactory.create(username="dana")
    return Act("dana via console", "She called", Via.CONSOLE, dana.pk, "203.0.113.7", "req-1")


def done(perform: Perform, act: Act) -> RecordedAct:
    """Carry out an act; return the one row that it left."""
    earlier = set(RecordedAct.objects.values_list("pk", flat=True))
    perform(act)
    (row,) = RecordedAct.objects.exclude(pk__in=earlier)
    assert (row.user_id, row.actor, row.via, row.reason) == (act.user_id, act.actor, act.via, act.reason)
    assert (row.address or "", row.request_id) == (act.address, act.request_id)
    assert without_their_act(act.reason) == []
    return row


@pytest.mark.parametrize(
    "reason", list(reasons()), ids=lambda reason: f"{reason.model.__name__}.{reason.column}"
)
def test_every_column_with_reasons_of_staff_has_one_that_refers_to_the_act(reason: Reason) -> None:
    assert reason.model._meta.get_field(reason.key).related_model is RecordedAct


def test_every_kind_of_act_is_tested() -> None:
    assert ONCE.keys() | AGAIN.keys() | AT_STRIPE | ELSEWHERE == set(Kind)


@pytest.mark.parametrize("kind", [*ONCE, *AGAIN])
def test_an_act_leaves_one_row(market: Market, by_dana: Act, kind: Kind) -> None:
    prepare, subject = (ONCE | AGAIN)[kind]
    row = done(prepare(market), by_dana)
    assert row.kind == kind
    if subject is not None:
        assert row.subject_table == subject._meta.db_table
        assert subject._base_manager.filter(pk=row.subject_id).exists()
    assert "example.com" not in str(row.before) + str(row.after)


def test_the_rows_that_people_decide_about_name_their_acts(market: Market, by_dana: Act) -> None:
    alice = market.creator("alice")
    proposal = adjustments.propose_adjustment(alice, amount=Money(5, "USD"), act=by_dana)
    decided = adjustments.decline_adjustment(proposal.pk, act=EARLIER, now=sql.now())
    assert decided.proposal_act.kind == Kind.PROPOSE_ADJUSTMENT
    assert decided.decision_act.kind == Kind.DECLINE_ADJUSTMENT
    interventions.hold_creator(alice, act=by_dana, now=sql.now())
    interventions.release_creator(alice, act=by_dana, now=sql.now())
    hold = Hold.objects.get()
    assert (hold.act.kind, hold.lift_act.kind) == (Kind.HOLD, Kind.RELEASE)
    pauses.pause_sending(act=by_dana, now=sql.now())
    pauses.resume_sending(act=by_dana, now=sql.now())
    pause = SendingPause.objects.get()
    assert (pause.act.kind, pause.lift_act.kind) == (Kind.PAUSE_SENDING, Kind.RESUME_SENDING)


@pytest.mark.parametrize("lift", [release_run, resume, recover])
def test_a_pause_names_the_act_that_lifted_it(market: Market, by_dana: Act, lift: Prepare) -> None:
    row = done(lift(market), by_dana)
    assert SendingPause.objects.get().lift_act == row


def test_nobody_approves_their_own_whatever_they_sign_with(market: Market, by_dana: Act) -> None:
    alice = market.creator("alice")
    proposal = adjustments.propose_adjustment(alice, amount=Money(5, "USD"), act=by_dana)
    with pytest.raises(SecondPersonNeeded):
        adjustments.approve_adjustment(proposal.pk, act=replace(by_dana, actor="erin"), now=sql.now())


@pytest.mark.parametrize("kind", ONCE)
def test_a_refused_act_leaves_none(market: Market, by_dana: Act, kind: Kind) -> None:
    perform = ONCE[kind][0](market)
    perform(Act("erin", "An hour ago"))
    before = RecordedAct.objects.count()
    with pytest.raises(Refusal):
        perform(by_dana)
    assert RecordedAct.objects.count() == before


@pytest.mark.parametrize("kind", [*ONCE, *AGAIN])
def test_what_the_service_does_by_itself_leaves_none(market: Market, kind: Kind) -> None:
    perform = (ONCE | AGAIN)[kind][0](market)
    before = RecordedAct.objects.count()
    perform(Act(SYSTEM, "By itself"))
    assert RecordedAct.objects.count() == before


def test_acts_on_a_payouts_money_are_recorded(sent: Payout, sandbox: Stripe, by_dana: Act) -> None:
    synced = done(lambda act: interventions.sync_payout(sent.pk, act=act, now=sql.now()), by_dana)
    assert (synced.kind, synced.payout_id, synced.creator_id) == (Kind.SYNC_PAYOUT, sent.pk, sent.creator_id)
    account = sent.attempts.get().destination
    sandbox.control(f"accounts/{account}/adjust", amount=-50_00, currency="usd")
    taken = done(lambda act: interventions.reverse_payout(sent.pk, act=act, now=sql.now()), by_dana)
    assert (taken.kind, taken.payout_id) == (Kind.REVERSE_PAYOUT, sent.pk)
    given = done(lambda act: interventions.withdraw_reversal(sent.pk, act=act, now=sql.now()), by_dana)
    assert (given.kind, given.payout_id) == (Kind.WITHDRAW_REVERSAL, sent.pk)


def test_settling_a_payout_is_recorded(sent: Payout, sandbox: Stripe, by_dana: Act) -> None:
    account = CreatorPaymentAccount.objects.get()
    sandbox.control(f"accounts/{account.stripe_account_id}/deauthorize")
    payment_accounts.refresh_payment_account(account, now=sql.now())
    row = done(lambda act: interventions.settle_payout(sent.pk, act=act, now=sql.now()), by_dana)
    assert (row.kind, row.payout_id) == (Kind.SETTLE_PAYOUT, sent.pk)


def test_both_acts_of_a_placement_are_recorded(paid: Payout, by_dana: Act) -> None:
    sending.record_reversal(paid.stripe_transfer_id, 80_00, now=sql.now())

    def propose(act: Act) -> SuspensePlacement:
        target = PlacementTarget.CREATOR
        return placements.propose_placement(paid.pk, target=target, amount=10_00, act=act)

    def latest() -> UUID:
        return SuspensePlacement.objects.latest("pk").pk

    assert done(propose, EARLIER).kind == Kind.PROPOSE_PLACEMENT
    row = done(lambda act: placements.approve_placement(latest(), act=act, now=sql.now()), by_dana)
    assert (row.kind, row.payout_id) == (Kind.APPROVE_PLACEMENT, paid.pk)
    assert (row.after["amount"], row.after["currency"]) == (10_00, "USD")
    propose(EARLIER)
    row = done(lambda act: placements.decline_placement(latest(), act=act, now=sql.now()), by_dana)
    assert (row.kind, row.subject_table) == (Kind.DECLINE_PLACEMENT, "suspense_placements")
