"""Acts of staff on payouts, each with a reason and an actor."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.errors import AlreadyOnHold
from accounts.models import Creator, Hold, HoldSource
from accounts.selectors import open_holds
from accounts.services.holds import attribute, lift_staff_holds, place_hold
from database import acts, notices
from database.acts import Kind
from database.models import RecordedAct
from database.staff import Act
from earnings.services import posting
from ledger.models import AccountKind
from payouts.errors import NothingRefusedAlike, NotRetryable, UnknownPayout
from payouts.models import Payout, SendingPause
from payouts.services import sending
from payouts.services.deciding import gate, refusals, sets
from payouts.services.moves import locked, move, release_earnings, waiting_of
from payouts.states import DEAD, PayoutStatus


@transaction.atomic
def hold_creator(creator: Creator, *, act: Act, now: datetime) -> Hold:
    """Stop paying a creator: runs make no payout, and waiting ones are held. Payouts being sent go on.

    Raises: AlreadyOnHold if staff hold the creator for another reason.
    """
    hold = place_hold(creator, source=HoldSource.STAFF, act=act)
    # Placing it has locked the creator, so of two people who do it at once the second one finds the first.
    if earlier := open_holds(creator.pk).filter(source=HoldSource.STAFF).exclude(pk=hold.pk).first():
        raise AlreadyOnHold(creator.external_id, by=earlier.placed_by, reason=earlier.reason)
    for payout in waiting_of(creator.pk).filter(status=PayoutStatus.PENDING):
        move(payout, PayoutStatus.ON_HOLD, now=now, actor=act.actor, reason=act.reason, next_retry_at=None)
    recorded = acts.record(act, Kind.HOLD, subject=hold, creator=creator.pk)
    attribute(hold, to=recorded)
    return hold


def release_creator(creator: Creator, *, act: Act, now: datetime) -> int:
    """Lift staff's holds, and return how many; held payouts resume if no other source holds the creator.

    Raises: NothingToLift.
    """
    lifted = lift_staff_holds(creator, act=act, now=now)
    sending.release_unheld(now=now)
    return lifted


@transaction.atomic
def cancel_payout(payout_id: UUID, *, act: Act, now: datetime) -> Payout:
    """Cancel a payout of which nothing was sent; a later payout includes its earnings.

    Raises: UnknownPayout; IllegalMove once it is being sent, or has ended.
    """
    # Sending takes the same lock first. Either it then finds the payout cancelled, or we find it being sent.
    payout = locked(payout_id)
    before = payout.status
    move(payout, PayoutStatus.CANCELLED, now=now, actor=act.actor, reason=act.reason, next_retry_at=None)
    release_earnings(payout, held_in=AccountKind.PAYOUTS_RESERVED)
    _record(payout, Kind.CANCEL_PAYOUT, act=act, before=before)
    return payout


def retry_payout(payout_id: UUID, *, act: Act, now: datetime) -> Payout:
    """Pay a dead payout's released earnings at once, by the rules of its run; return the new payout.

    Raises: UnknownPayout; NotRetryable if it isn't dead, was already retried, or is blocked by the run's rules;
    BehindStripe, as for a run.
    """
    _known(payout_id)
    gate.require_not_behind()
    posting.post_due(now=now)
    with transaction.atomic():
        dead = locked(payout_id)
        if dead.status not in DEAD or dead.run is None:
            raise NotRetryable(payout_id, f"it is {dead.get_status_display().lower()}")
        if Payout.objects.filter(retry_of=dead).exists():
            raise NotRetryable(payout_id, "it already has a retry")
        made = sets.decide_again(dead, act=act, now=now)
        if not isinstance(made, UUID):
            raise NotRetryable(payout_id, made.label if made else "none of its earnings are payable")
        # No retry by the service itself as well.
        Payout.objects.filter(pk=dead.pk).update(next_retry_at=None)
        acts.record(
            act,
            Kind.RETRY_PAYOUT,
            subject=dead,
            creator=dead.creator_id,
            payout=dead.pk,
            after={"retry": made},
        )
        notices.send_debounced_on_commit("payouts.sweep")
    return Payout.objects.get(pk=made)


def retry_refused(pause: SendingPause, *, act: Act, now: datetime) -> tuple[int, dict[UUID, str]]:
    """Retry the payouts behind a pause after refusals; return how many are retried, and why others aren't.

    While sending is paused, the new payouts wait with the others.

    Raises: NothingRefusedAlike; BehindStripe.
    """
    gate.require_not_behind()
    refused = refusals.refused_alike(pause)
    if not refused:
        raise NothingRefusedAlike
    not_retried: dict[UUID, str] = {}
    for payout in refused:
        try:
            retry_payout(payout.pk, act=act, now=now)
        except NotRetryable as refusal:
            not_retried[payout.pk] = refusal.reason
    return len(refused) - len(not_retried), not_retried


def reverse_payout(payout_id: UUID, *, act: Act, now: datetime) -> Payout:
    """Reverse a payout's transfer while its money is on the connected account; return the updated payout.

    Raises: UnknownPayout; NotReversible if its money went to the bank, or something is in progress.
    """
    with transaction.atomic():
        recorded = _record(_known(payout_id), Kind.REVERSE_PAYOUT, act=act)
        sending.request_reversal(payout_id, act=act.recorded_as(recorded), now=now)
    sending.attend(payout_id, now=now)
    return Payout.objects.get(pk=payout_id)


def withdraw_reversal(payout_id: UUID, *, act: Act, now: datetime) -> Payout:
    """Withdraw a reversal that Stripe refused, so that the money may go to the bank again; return the updated payout.

    Raises: UnknownPayout; NotWithdrawable if staff didn't ask for one, it is in progress, or some of it came back.
    """
    with transaction.atomic():
        recorded = _record(_known(payout_id), Kind.WITHDRAW_REVERSAL, act=act)
        sending.withdraw_reversal(payout_id, act=act.recorded_as(recorded), now=now)
    sending.attend(payout_id, now=now)
    return Payout.objects.get(pk=payout_id)


def settle_payout(payout_id: UUID, *, act: Act, now: datetime) -> Payout:
    """Mark a payout as paid: its creator has the money, on an account that we can no longer reach.

    No money moves.

    Raises: UnknownPayout; NotSettleable while Stripe still shows the account, or if some of the money may have
    come back.
    """
    with transaction.atomic():
        payout = sending.settle(payout_id, act=act, now=now)
        _record(payout, Kind.SETTLE_PAYOUT, act=act)
    return payout


def sync_payout(payout_id: UUID, *, act: Act, now: datetime) -> Payout:
    """Look the payout up at Stripe now and record what is found; return the updated payout.

    No money moves.

    Raises: UnknownPayout, StripeCallFailed.
    """
    _record(_known(payout_id), Kind.SYNC_PAYOUT, act=act)
    sending.ask_stripe(payout_id, now=now)
    return Payout.objects.get(pk=payout_id)


def _record(payout: Payout, kind: Kind, *, act: Act, before: str = "") -> RecordedAct | None:
    return acts.record(
        act,
        kind,
        subject=payout,
        creator=payout.creator_id,
        payout=payout.pk,
        before={"status": before} if before else {},
        after={"status": payout.status} if before else {},
    )


def _known(payout_id: UUID) -> Payout:
    payout = Payout.objects.filter(pk=payout_id).first()
    if payout is None:
        raise UnknownPayout(payout_id)
    return payout
