"""Moving a payout from state to state, and giving back what a dead one had claimed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from database import notices
from database.staff import SYSTEM
from earnings.services import claims, paid_totals
from ledger import services as ledger
from ledger.models import AccountKind
from ledger.services import Line
from money import Money, month_of
from payouts import policy
from payouts.errors import IllegalMove, UnknownPayout
from payouts.models import Payout, PayoutEvent
from payouts.services import setbacks
from payouts.states import LEGAL, PayoutStatus

CANCELLABLE = tuple(LEGAL[PayoutStatus.CANCELLED])


def move(
    payout: Payout, target: PayoutStatus, *, now: datetime, reason: str, actor: str = SYSTEM, **changes: Any
) -> None:
    """Move a payout within the caller's transaction, with its other changes, and write the event row.

    `payout.status` is where the caller saw it: if it has moved since, nothing happens but the refusal.

    Raises: IllegalMove.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a move and what goes with it are one transaction")
    seen = PayoutStatus(payout.status)
    changes = {"status": target, "taken_at": None} | changes
    if PayoutStatus.PAID in (seen, target):
        changes["paid_at"] = now if target == PayoutStatus.PAID else None
    here = Payout.objects.filter(pk=payout.pk, status=seen)
    if seen not in LEGAL[target] or not here.update(**changes):
        raise IllegalMove(payout.pk, seen=seen, target=target)
    PayoutEvent.objects.create(
        payout=payout, from_status=seen, to_status=target, actor=actor, reason=reason, at=now
    )
    if target == PayoutStatus.PAID:
        paid_totals.add_to_paid(payout.pk)
    elif seen == PayoutStatus.PAID:
        paid_totals.take_from_paid(payout.pk)
    if target in setbacks.SETBACKS:
        setbacks.hold_after_several(payout.creator_id)
    if PayoutStatus.PAID in (seen, target):
        notices.send_debounced_on_commit("revenue.refresh", months=[month_of(now).start.isoformat()])
    for name, value in changes.items():
        setattr(payout, name, value)


def wait(payout: Payout, *, until: datetime) -> None:
    """Leave the payout where the caller saw it until it is due again; one that has moved since is left alone."""
    Payout.objects.filter(pk=payout.pk, status=payout.status).update(next_retry_at=until, taken_at=None)


def keep(payout: Payout, *, now: datetime) -> None:
    """Leave the payout where the caller saw it, for one call to Stripe: nobody else takes it up meanwhile."""
    here = Payout.objects.filter(pk=payout.pk, status=payout.status)
    here.update(next_retry_at=now + policy.LEASE, taken_at=now)


def give_back(payout: Payout, *, held_in: AccountKind, in_suspense: int = 0) -> None:
    """Free the rows of a payout that ended without being paid; its lines stay, and its rows stay closed.

    `held_in` is the ledger account where the money stands: reserved still, or the Stripe balance it came back to.
    What came back in parts before, in minor units, lies in suspense.
    """
    claims.give_back(payout.pk)
    source = payout.creator_id if held_in == AccountKind.PAYOUTS_RESERVED else None
    earlier = Money(in_suspense, payout.currency)
    ledger.post(
        source_key=f"payout:{payout.pk}:given_back",
        kind="payout_given_back",
        lines=[
            Line(held_in, earlier - payout.net, creator_id=source),
            Line(AccountKind.SUSPENSE, -earlier),
            Line(AccountKind.CREATOR_PAYABLE, payout.net, creator_id=payout.creator_id),
        ],
    )


def locked(payout_id: UUID) -> Payout:
    """Return the payout, locked until the caller's transaction ends.

    Raises: UnknownPayout.
    """
    try:
        return Payout.objects.select_for_update(no_key=True).get(pk=payout_id)
    except Payout.DoesNotExist:
        raise UnknownPayout(payout_id) from None


def waiting_of(creator_id: UUID) -> QuerySet[Payout]:
    """Return the creator's payouts of which nothing was sent, locked until the caller's transaction ends."""
    waiting = Payout.objects.filter(creator=creator_id, status__in=CANCELLABLE)
    return waiting.order_by("pk").select_for_update(no_key=True)
