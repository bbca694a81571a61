"""What came back of transfers, by any reversal: it ends the payout, or goes to suspense."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from database.staff import SYSTEM
from ledger.models import AccountKind
from ledger.services import Line
from money import Money
from payouts.models import DifferenceKind, Payout, PayoutAttempt
from payouts.services.moves import AttemptUpdate, Move, PayoutChanges
from payouts.services.sending import attempts
from payouts.services.sending.decision import NOTHING, Decision
from payouts.services.sending.effects import Book, OpenDifference, ReleaseEarnings, SettleDifference
from payouts.services.sending.history import History
from payouts.states import AttemptKind, PayoutStatus
from stripe_io.errors import NotYet


@dataclass(frozen=True, slots=True)
class CameBack:
    """How much of the payout's transfer has come back so far, by any reversal; so no attempt is named."""

    amount_reversed: int


def came_back(history: History, amount_reversed: int, *, now: datetime) -> Decision:
    """Decide after `amount_reversed` of the payout's transfer has come back in total, by any reversal.

    If all of it came back, or all but what the exchange rate may take, and nothing went to the bank, the payout's
    earnings are released. Anything else is booked to suspense, with a difference for staff to resolve.

    Raises: NotYet while a bank payout may be in progress.
    """
    payout, attempt = history.payout, history.open_attempt
    if amount_reversed <= payout.amount_reversed:
        return NOTHING
    if payout.fx_loss:
        return _less_lost(payout, amount_reversed)
    if attempt is not None and attempt.kind == AttemptKind.BANK_PAYOUT:
        raise NotYet("a bank payout may be in progress")
    # If Stripe pays the banks by its own schedule, a payout is paid without a bank payout of ours.
    at_stripe = payout.status == PayoutStatus.RETURNED or (
        payout.status in (PayoutStatus.IN_TRANSIT, PayoutStatus.PAID) and not payout.stripe_payout_id
    )
    if amount_reversed >= _enough(history) and at_stripe and not payout.amount_placed:
        return end_reversed(history, back=amount_reversed, now=now)
    return _suspended(payout, amount_reversed)


def end_reversed(history: History, *, back: int, now: datetime) -> Decision:
    """End the payout, of which `back` came back in total; nothing is left for an open attempt to take back."""
    payout, attempt, request = history.payout, history.open_attempt, history.last_reversal
    loss = payout.net_amount - back
    lost = f", {Money(loss, payout.currency)} lost to the exchange rate" if loss else ""
    because = f": {request.request_reason}" if request and request.request_reason else ""
    move = Move(
        PayoutStatus.REVERSED,
        f"transfer {payout.stripe_transfer_id} reversed{lost}{because}",
        request.requested_by if request else SYSTEM,
    )
    why = f"the transfer is reversed{lost}" if loss else "the transfer is fully reversed"
    return Decision(
        moves=[move],
        changes={"amount_reversed": back, "fx_loss": loss, "next_retry_at": None},
        update=_ended(attempt, now=now) if attempt else None,
        effects=[
            ReleaseEarnings(AccountKind.STRIPE_BALANCE, in_suspense=payout.amount_reversed, fx_loss=loss),
            SettleDifference(DifferenceKind.UNEXPLAINED_REVERSAL, payout.stripe_transfer_id, why),
            SettleDifference(DifferenceKind.ARRIVAL_UNKNOWN, payout.stripe_transfer_id, why),
            close_refused_reversal(payout, reason=why),
        ],
    )


def _ended(attempt: PayoutAttempt, *, now: datetime) -> AttemptUpdate:
    if attempt.stripe_id:  # it was pending
        return attempts.succeeded(attempt, stripe_id=attempt.stripe_id, now=now)
    return attempts.ended_without_effect(attempt, now=now)


def close_refused_reversal(payout: Payout, *, reason: str) -> SettleDifference:
    """Close the difference that was opened when Stripe refused to reverse the payout's transfer."""
    return SettleDifference(DifferenceKind.REVERSAL_REFUSED, payout.stripe_transfer_id, reason)


def is_converted(payout: Payout) -> bool:
    """Return whether the transfer is known to have arrived in another currency."""
    return payout.bank_currency not in ("", payout.currency)


def least_back(payout: Payout) -> int:
    """Return how much of a converted transfer must come back; the exchange rate may take the rest."""
    return payout.net_amount - payout.net_amount * settings.LARGEST_FX_LOSS_BPS // 10_000


def _enough(history: History) -> int:
    """Return how much must come back to end the payout: all of it, unless Stripe refused all of a converted one."""
    payout = history.payout
    refused = is_converted(payout) and history.was_refused(AttemptKind.REVERSAL)
    return least_back(payout) if refused else payout.net_amount


def _less_lost(payout: Payout, amount_reversed: int) -> Decision:
    """Book what came back of a payout that had ended with a loss."""
    part = Money(amount_reversed - payout.amount_reversed, payout.currency)
    booked = Book(
        source_key=f"reversed:{amount_reversed}",
        kind="fx_loss_recovered",
        lines=(Line(AccountKind.STRIPE_BALANCE, -part), Line(AccountKind.FX_DIFFERENCE, part)),
    )
    changes: PayoutChanges = {"amount_reversed": amount_reversed, "fx_loss": payout.fx_loss - part.amount}
    return Decision(changes=changes, effects=[booked])


def _suspended(payout: Payout, amount_reversed: int) -> Decision:
    came_back = Money(amount_reversed, payout.currency)
    part = Money(amount_reversed - payout.amount_reversed, payout.currency)
    booked = Book(
        source_key=f"reversed:{amount_reversed}",
        kind="reversal_suspended",
        lines=(Line(AccountKind.STRIPE_BALANCE, -part), Line(AccountKind.SUSPENSE, part)),
    )
    state = PayoutStatus(payout.status).label.lower()
    difference = OpenDifference(
        DifferenceKind.UNEXPLAINED_REVERSAL,
        payout.stripe_transfer_id,
        -came_back,
        f"{came_back} of {payout.net} came back while the payout was {state}",
    )
    return Decision(changes={"amount_reversed": amount_reversed}, effects=[booked, difference])
