"""What staff do to payouts, each with a reason and the name of who did it."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Creator, Hold, HoldSource
from accounts.services.holds import lift_staff_holds, place_hold
from database import notices
from database.staff import Act
from earnings.services import posting
from ledger.models import AccountKind
from payouts.errors import NotRetryable, UnknownPayout
from payouts.models import Payout
from payouts.services import sending
from payouts.services.deciding import runs
from payouts.services.moves import give_back, locked, move, waiting_of
from payouts.states import DEAD, PayoutStatus

logger = logging.getLogger(__name__)


@transaction.atomic
def hold_creator(creator: Creator, *, act: Act, now: datetime) -> Hold:
    """Stop paying a creator: no run makes a payout, and those that wait are held. What is under way goes on."""
    hold = place_hold(creator, source=HoldSource.STAFF, act=act)
    for payout in waiting_of(creator.pk).filter(status=PayoutStatus.PENDING):
        move(payout, PayoutStatus.ON_HOLD, now=now, actor=act.actor, reason=act.reason, next_retry_at=None)
    return hold


def release_creator(creator: Creator, *, act: Act, now: datetime) -> int:
    """Lift what staff placed, return how many; held payouts go on if no other source holds them.

    Raises: NothingToLift.
    """
    lifted = lift_staff_holds(creator, act=act, now=now)
    sending.release_unheld(now=now)
    return lifted


@transaction.atomic
def cancel_payout(payout_id: UUID, *, act: Act, now: datetime) -> Payout:
    """End a payout of which nothing was sent; its earnings go into a later one.

    Raises: UnknownPayout; IllegalMove once it is being sent, or has ended.
    """
    # Whoever sends it takes the same lock first, and then finds it cancelled; or we find it being sent.
    payout = locked(payout_id)
    move(payout, PayoutStatus.CANCELLED, now=now, actor=act.actor, reason=act.reason, next_retry_at=None)
    give_back(payout, held_in=AccountKind.PAYOUTS_RESERVED)
    return payout


def retry_payout(payout_id: UUID, *, act: Act, now: datetime) -> Payout:
    """Pay at once what a payout that ended unpaid had given back, by the rules of its run; return the new one.

    Raises: UnknownPayout; NotRetryable if it isn't over, was retried, or the run's rules don't let it
    be paid.
    """
    _require_known(payout_id)
    posting.post_due(now=now)
    with transaction.atomic():
        dead = locked(payout_id)
        if dead.status not in DEAD or dead.run is None:
            raise NotRetryable(payout_id, f"it is {dead.get_status_display().lower()}")
        if Payout.objects.filter(retry_of=dead).exists():
            raise NotRetryable(payout_id, "it already has a retry")
        made = runs.decide_again(dead, act=act, now=now)
        if not isinstance(made, UUID):
            raise NotRetryable(payout_id, made.label if made else "none of its earnings are payable")
        notices.send_debounced_on_commit("payouts.sweep")
    return Payout.objects.get(pk=made)


def reverse_payout(payout_id: UUID, *, act: Act, now: datetime) -> Payout:
    """Take a payout's transfer back at Stripe, while its money lies on the connected account; return it as it is then.

    Raises: UnknownPayout; NotReversible if its money went to the bank, or something is under way.
    """
    sending.request_reversal(payout_id, act=act, now=now)
    sending.attend(payout_id, now=now)
    return Payout.objects.get(pk=payout_id)


def settle_payout(payout_id: UUID, *, act: Act, now: datetime) -> Payout:
    """Count a payout as paid whose money is on an account that Stripe shows us no more: its creator has it.

    It moves no money.

    Raises: UnknownPayout; NotSettleable while Stripe tells of the account, or if some of the money may
    be back.
    """
    return sending.settle(payout_id, act=act, now=now)


def sync_payout(payout_id: UUID, *, act: Act, now: datetime) -> Payout:
    """Ask Stripe now what has become of a payout, record it, and return the payout as it is then.

    It moves no money.

    Raises: UnknownPayout, StripeCallFailed.
    """
    _require_known(payout_id)
    logger.info("%s syncs payout %s: %s", act.actor, payout_id, act.reason)
    sending.ask_stripe(payout_id, now=now)
    return Payout.objects.get(pk=payout_id)


def _require_known(payout_id: UUID) -> None:
    if not Payout.objects.filter(pk=payout_id).exists():
        raise UnknownPayout(payout_id)
