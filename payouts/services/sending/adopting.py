"""Taking over what a lost database sent: its attempts are written here again, and then recorded like any other."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from database.staff import Act
from ledger.models import AccountKind
from payouts.gateway import Transfer
from payouts.services.moves import CANCELLABLE, Move, move, release_earnings, write
from payouts.services.sending import attempts
from payouts.services.sending.history import History, lock
from payouts.services.sending.recording import record_transfer
from payouts.states import AttemptKind, PayoutStatus


@transaction.atomic
def adopt_transfer(payout_id: UUID, transfer: Transfer, *, act: Act, now: datetime) -> None:
    """Give an unsent payout the attempt that made this transfer of its amount, and record the transfer.

    Raises: UnknownPayout.
    """
    history = lock(payout_id)
    if history.payout.status != PayoutStatus.PENDING:
        _have_it_wait(history, act=act, now=now)
    attempt = attempts.lost(history, transfer, kind=AttemptKind.TRANSFER, destination=transfer.destination)
    write(history.payout, new_attempt=attempt, now=now)
    record_transfer(transfer, payout_id=payout_id, now=now)


@transaction.atomic
def give_way(payout_id: UUID, *, act: Act, now: datetime) -> None:
    """Cancel an unsent payout, because Stripe has sent another one for the same earnings.

    Raises: UnknownPayout.
    """
    history = lock(payout_id)
    payout = history.payout
    if payout.status not in CANCELLABLE:
        _have_it_wait(history, act=act, now=now)
    move(payout, PayoutStatus.CANCELLED, now=now, actor=act.actor, reason=act.reason, next_retry_at=None)
    release_earnings(payout, held_in=AccountKind.PAYOUTS_RESERVED)


def _have_it_wait(history: History, *, act: Act, now: datetime) -> None:
    """Have a payout wait that is held, or whose attempt moved nothing: what Stripe has sent came after it."""
    attempt = history.open_attempt
    write(
        history.payout,
        moves=[Move(PayoutStatus.PENDING, act.reason, act.actor)],
        changes={"next_retry_at": now},
        update=attempts.ended_without_effect(attempt, now=now) if attempt else None,
        now=now,
    )
