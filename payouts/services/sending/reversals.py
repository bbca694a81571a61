"""Reversals: ours, and those that we didn't request."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from database.staff import SYSTEM, Act
from ledger.models import AccountKind
from ledger.services import Line
from money import Money
from payouts import gateway, policy
from payouts.gateway import Reversal
from payouts.models import DifferenceKind, Payout, PayoutAttempt
from payouts.policy import Verdict
from payouts.services.moves import AttemptColumns, Move
from payouts.services.sending import attempts
from payouts.services.sending.decision import NOTHING, Decision
from payouts.services.sending.effects import Book, OpenDifference, ReleaseEarnings, SettleDifference
from payouts.services.sending.history import Circumstances, History
from payouts.services.sending.legs import try_again
from payouts.states import AttemptKind, PayoutStatus
from stripe_io.errors import Failure, NotYet

KIND = AttemptKind.REVERSAL


@dataclass(frozen=True, slots=True)
class CameBack:
    """How much of the payout's transfer has come back so far, by any reversal; so no attempt is named."""

    amount_reversed: int
    attempt_id: None = None


def new_attempt(history: History, *, act: Act | None = None) -> AttemptColumns:
    """Describe an attempt to take back what is left of the payout's transfer."""
    payout = history.payout
    return attempts.new_attempt(
        history,
        kind=KIND,
        destination=history.destination,
        amount=payout.net_amount - payout.amount_reversed,
        currency=payout.currency,
        act=act,
    )


def may_send_again(history: History, circumstances: Circumstances) -> bool:
    return True


def send(attempt: PayoutAttempt) -> Reversal:
    return gateway.create_reversal(attempt)


def find(attempt: PayoutAttempt) -> list[Reversal | CameBack]:
    """List the attempt's reversals, and how much came back in total."""
    transfer_id = attempt.payout.stripe_transfer_id
    reversals = gateway.find_reversals(transfer_id)
    ours = [reversal for reversal in reversals if reversal.attempt_id == attempt.pk]
    amount_reversed = gateway.retrieve_transfer(transfer_id).amount_reversed
    return [*ours, CameBack(amount_reversed)]


def succeeded(
    history: History, attempt: PayoutAttempt, made: Reversal | CameBack, *, now: datetime
) -> Decision:
    """Record what the attempt took back."""
    payout = history.payout
    if isinstance(made, CameBack):
        return came_back(history, made.amount_reversed, now=now)
    if attempt.stripe_id:
        return NOTHING
    all_of_it = min(payout.amount_reversed + attempt.amount, payout.net_amount)
    update = attempts.succeeded(attempt, stripe_id=made.id, now=now)
    return replace(came_back(history, all_of_it, now=now), update=update)


def came_back(history: History, amount_reversed: int, *, now: datetime) -> Decision:
    """Decide after `amount_reversed` of the payout's transfer has come back in total, by any reversal.

    If all of it came back and nothing went to the bank, the payout's earnings are released. Anything else is booked to
    suspense, with a difference for staff to resolve.

    Raises: NotYet while a bank payout may be in progress.
    """
    payout, attempt = history.payout, history.open_attempt
    if amount_reversed <= payout.amount_reversed:
        return NOTHING
    if attempt is not None and attempt.kind == AttemptKind.BANK_PAYOUT:
        raise NotYet("a bank payout may be in progress")
    # If Stripe pays the banks by its own schedule, a payout is paid without a bank payout of ours.
    at_stripe = payout.status == PayoutStatus.RETURNED or (
        payout.status in (PayoutStatus.IN_TRANSIT, PayoutStatus.PAID) and not payout.stripe_payout_id
    )
    if amount_reversed == payout.net_amount and at_stripe:
        return end_reversed(history, now=now)
    return _suspended(payout, amount_reversed)


def close_refused_reversal(payout: Payout, *, reason: str) -> SettleDifference:
    """Close the difference that was opened when Stripe refused to reverse the payout's transfer."""
    return SettleDifference(DifferenceKind.REVERSAL_REFUSED, payout.stripe_transfer_id, reason)


def failed(
    history: History, attempt: PayoutAttempt, failure: Failure, verdict: Verdict, *, now: datetime
) -> Decision:
    """Keep the payout returned; a refused reversal opens a difference, and is tried again much later."""
    decision = try_again(attempt, now=now)
    if verdict in policy.PROVEN:
        decision = Decision(changes={"next_retry_at": now + policy.LOOK_AT_RETURNED})
    if verdict in policy.PROVEN or policy.loses_account(failure):
        return replace(decision, effects=[_refused(history.payout, attempt, failure)])
    return decision


def absent(history: History, *, now: datetime) -> Decision:
    return Decision(changes={"next_retry_at": now})


def unknown(history: History) -> Sequence[Move]:
    return []


def end_reversed(history: History, *, now: datetime) -> Decision:
    """End the payout; nothing of the transfer is left for an open attempt to take back."""
    payout, attempt, request = history.payout, history.open_attempt, history.last_reversal
    because = f": {request.request_reason}" if request and request.request_reason else ""
    move = Move(
        PayoutStatus.REVERSED,
        f"transfer {payout.stripe_transfer_id} reversed{because}",
        request.requested_by if request else SYSTEM,
    )
    why = "the transfer is fully reversed"
    return Decision(
        moves=[move],
        changes={"amount_reversed": payout.net_amount, "next_retry_at": None},
        update=attempts.ended_without_effect(attempt, now=now) if attempt else None,
        effects=[
            ReleaseEarnings(AccountKind.STRIPE_BALANCE, in_suspense=payout.amount_reversed),
            SettleDifference(DifferenceKind.UNEXPLAINED_REVERSAL, payout.stripe_transfer_id, why),
            close_refused_reversal(payout, reason=why),
        ],
    )


def _suspended(payout: Payout, amount_reversed: int) -> Decision:
    part = Money(amount_reversed - payout.amount_reversed, payout.currency)
    booked = Book(
        source_key=f"reversed:{amount_reversed}",
        kind="reversal_suspended",
        lines=(Line(AccountKind.STRIPE_BALANCE, -part), Line(AccountKind.SUSPENSE, part)),
    )
    difference = OpenDifference(
        DifferenceKind.UNEXPLAINED_REVERSAL,
        payout.stripe_transfer_id,
        Money(-amount_reversed, payout.currency),
        f"{amount_reversed} of {payout.net_amount} came back while the payout was {payout.status}",
    )
    return Decision(changes={"amount_reversed": amount_reversed}, effects=[booked, difference])


def _refused(payout: Payout, attempt: PayoutAttempt, failure: Failure) -> OpenDifference:
    return OpenDifference(
        DifferenceKind.REVERSAL_REFUSED,
        payout.stripe_transfer_id,
        payout.net,
        f"Stripe refused the reversal: {failure.message}",
        attempt.destination,
    )
