"""What staff do to payouts, each with a reason and the name of who did it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.errors import ReasonMissing
from accounts.models import Creator, Hold, HoldSource
from accounts.services.holds import lift_holds, place_hold
from ledger.models import AccountKind
from payouts.errors import IllegalMove
from payouts.models import Payout
from payouts.services import sweeps
from payouts.services.moves import give_back, locked, move
from payouts.states import PayoutStatus

CANCELLABLE = (PayoutStatus.PENDING, PayoutStatus.ON_HOLD)


@transaction.atomic
def hold_creator(creator: Creator, *, reason: str, actor: str, now: datetime) -> Hold:
    """Stop paying a creator: no run makes a payout, and those that wait are held. What is under way goes on.

    Raises: ReasonMissing.
    """
    hold = place_hold(creator, source=HoldSource.STAFF, reason=reason, placed_by=actor)
    waiting = Payout.objects.filter(creator=creator, status=PayoutStatus.PENDING).order_by("pk")
    for payout in waiting.select_for_update(no_key=True):
        move(payout, PayoutStatus.ON_HOLD, now=now, reason=reason, actor=actor, next_retry_at=None)
    return hold


def release_creator(creator: Creator, *, reason: str, actor: str, now: datetime) -> int:
    """Lift what staff placed, return how many; held payouts go on if no other source holds them.

    Raises: ReasonMissing.
    """
    lifted = lift_holds(creator, source=HoldSource.STAFF, reason=reason, lifted_by=actor, now=now)
    sweeps.release_unheld(now=now)
    return lifted


@transaction.atomic
def cancel_payout(payout_id: UUID, *, reason: str, actor: str, now: datetime) -> Payout:
    """End a payout of which nothing was sent; its earnings go into a later one.

    Raises: ReasonMissing; IllegalMove once it is being sent, or has ended.
    """
    if not reason.strip():
        raise ReasonMissing
    # Whoever sends it takes the same lock first, and then finds it cancelled; or we find it being sent.
    payout = locked(payout_id)
    if payout.status not in CANCELLABLE:
        raise IllegalMove(payout_id, PayoutStatus.CANCELLED)
    move(payout, PayoutStatus.CANCELLED, now=now, reason=reason, actor=actor, next_retry_at=None)
    give_back(payout, held_in=AccountKind.PAYOUTS_RESERVED)
    return payout
