"""Reversals: ours, and those that we didn't request.

A converted transfer costs its account more to give back than it brought: the rate is that of the day, with a spread. So
once Stripe has refused to take back the whole of it, less is asked for, and the platform bears the loss.
Source: https://docs.stripe.com/connect/currencies#converting-balances
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from database.staff import SYSTEM, Act
from payouts import gateway, policy
from payouts.gateway import Arrival, Reversal
from payouts.models import DifferenceKind, Payout, PayoutAttempt
from payouts.policy import Verdict
from payouts.services.moves import AttemptColumns, Move, PayoutChanges
from payouts.services.sending import attempts
from payouts.services.sending.coming_back import CameBack, came_back, end_reversed, is_converted, least_back
from payouts.services.sending.decision import NOTHING, Decision
from payouts.services.sending.effects import OpenDifference
from payouts.services.sending.history import Circumstances, History
from payouts.services.sending.legs import AsksWhatArrived, after_absence, recorded_before, try_again
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure

KIND = AttemptKind.REVERSAL


@dataclass(frozen=True, slots=True)
class BroughtQuestion(AsksWhatArrived):
    """What did the transfer bring that Stripe refuses to take back, and is it available yet?"""

    def decide(
        self,
        history: History,
        circumstances: Circumstances,
        answer: Arrival | Failure | None,
        *,
        now: datetime,
    ) -> Decision:
        payout, refused = history.payout, history.last_reversal
        if payout.status != PayoutStatus.RETURNED or history.open_attempt is not None or refused is None:
            return NOTHING
        if not isinstance(answer, Arrival):
            return _for_staff(payout, refused, refused.error_message, now=now)
        if answer.available_on > now:
            return Decision(changes={"next_retry_at": answer.available_on})
        changes: PayoutChanges = {"arrival_amount": answer.amount, "bank_currency": answer.currency}
        if refused.ended_at and refused.ended_at < answer.available_on:
            return Decision(changes=changes, new_attempt=new_attempt(history, act=_act_of(refused)))
        if answer.currency != payout.currency:
            return Decision(changes={**changes, "next_retry_at": now})
        told = _for_staff(payout, refused, refused.error_message, now=now)
        return replace(told, changes={**changes, **told.changes})


def new_attempt(history: History, *, amount: int | None = None, act: Act | None = None) -> AttemptColumns:
    """Describe an attempt to take back this amount, or what is left of the payout's transfer."""
    payout = history.payout
    return attempts.new_attempt(
        history,
        kind=KIND,
        destination=history.destination,
        amount=payout.net_amount - payout.amount_reversed if amount is None else amount,
        currency=payout.currency,
        act=act,
    )


def ask_for_less(history: History, *, now: datetime) -> Decision | None:
    """Go on after Stripe refused a reversal; None if no less can be asked for, or not now.

    What came back by then may be enough, if staff reversed it in the dashboard.
    """
    payout, refused = history.payout, history.last_reversal
    if (
        refused is None
        or refused.status != AttemptStatus.REFUSED
        or refused.stripe_id
        or refused.withdrawn_at
    ):
        return None
    if refused.ended_at is None or now - refused.ended_at >= policy.REVERSE_AGAIN_AFTER:
        return None
    if not payout.bank_currency:
        return Decision(question=BroughtQuestion(payout.destination_payment, history.destination))
    total = _less(payout, refused)
    if total is None:
        return None
    if total <= payout.amount_reversed:
        return end_reversed(history, back=payout.amount_reversed, now=now)
    amount = total - payout.amount_reversed
    return Decision(new_attempt=new_attempt(history, amount=amount, act=_act_of(refused)))


def refusals_of_the_whole(history: History) -> int:
    """Count how often Stripe refused to take back all that was left of the transfer."""
    left = history.payout.net_amount - history.payout.amount_reversed
    return sum(
        attempt.status == AttemptStatus.REFUSED and attempt.amount >= left
        for attempt in history.of_kind(KIND)
    )


def may_send_again(history: History, circumstances: Circumstances) -> bool:
    """Return whether to send again; a pending reversal is only looked up."""
    return history.open_attempt is None or not history.open_attempt.stripe_id


def send(attempt: PayoutAttempt) -> Reversal:
    return gateway.create_reversal(attempt)


def find(attempt: PayoutAttempt) -> list[Reversal | CameBack]:
    """List the attempt's reversals, and how much came back in total."""
    transfer_id = attempt.payout.stripe_transfer_id
    reversals = gateway.find_reversals(transfer_id)
    ours = [reversal for reversal in reversals if reversal.names(attempt)]
    amount_reversed = gateway.retrieve_transfer(transfer_id).amount_reversed
    return [*ours, CameBack(amount_reversed)]


def succeeded(
    history: History, attempt: PayoutAttempt, made: Reversal | CameBack, *, now: datetime
) -> Decision:
    """Record what the attempt took back. If the attempt has ended, what came back is recorded as a whole."""
    payout = history.payout
    if isinstance(made, CameBack):
        return came_back(history, made.amount_reversed, now=now)
    if attempt.status == AttemptStatus.SUCCEEDED:
        return recorded_before(attempt, made) if attempt.stripe_id == made.id else NOTHING
    if made.pending or made.ended:
        return _waits(history, attempt, made, now=now) if attempt.status == AttemptStatus.OPEN else NOTHING
    update = attempts.succeeded(attempt, stripe_id=made.id, request_id=made.request_id, now=now)
    if attempt.status != AttemptStatus.OPEN:
        return Decision(update=update)
    total = min(payout.amount_reversed + attempt.amount, payout.net_amount)
    return replace(came_back(history, total, now=now), update=update)


def failed(
    history: History, attempt: PayoutAttempt, failure: Failure, verdict: Verdict, *, now: datetime
) -> Decision:
    """Keep the payout returned; if no less can be asked for, a difference is opened, and it is tried again later."""
    payout, lost = history.payout, policy.loses_account(failure)
    if verdict in policy.PROVEN:
        if not lost and (not payout.bank_currency or _less(payout, attempt) is not None):
            return Decision(changes={"next_retry_at": now})
        return _for_staff(payout, attempt, failure.message, now=now)
    decision = try_again(attempt, now=now)
    return replace(decision, effects=[_refused(payout, attempt, failure.message)]) if lost else decision


def absent(history: History, *, now: datetime) -> Decision:
    return after_absence(history, KIND, now=now)


def unknown(history: History) -> Sequence[Move]:
    return []


def _waits(history: History, attempt: PayoutAttempt, made: Reversal, *, now: datetime) -> Decision:
    """Keep a pending reversal open; one that failed, or should have, is for staff."""
    payout = history.payout
    if made.ended:
        message = f"reversal {made.id} {made.ended} after it was pending"
        update = attempts.refused_later(attempt, code=made.ended, message=message, now=now)
        return replace(_for_staff(payout, attempt, message, now=now), update=update)
    since = attempt.first_sent_at or now
    overdue = now - since > policy.PENDING_REVERSAL_ENDS_AFTER + policy.CONFIRM_AFTER
    return Decision(
        changes={"next_retry_at": now + policy.CONFIRM_AFTER},
        update=attempts.pending(attempt, stripe_id=made.id, request_id=made.request_id),
        effects=[_refused(payout, attempt, f"it is still pending since {since:%Y-%m-%d}")] if overdue else [],
    )


def _less(payout: Payout, refused: PayoutAttempt) -> int | None:
    """Return how much of a converted transfer should come back in total, after a refusal; None if no less may."""
    if not is_converted(payout):
        return None
    asked = min(payout.amount_reversed + refused.amount, payout.net_amount)
    step = max(payout.net_amount * policy.LESS_BACK_BPS // 10_000, 1)
    total = max(asked - step, least_back(payout))
    return total if total < asked else None


def _act_of(attempt: PayoutAttempt) -> Act | None:
    """Return who in staff asked for an attempt, and why."""
    if attempt.requested_by == SYSTEM:
        return None
    return Act(attempt.requested_by, attempt.request_reason, recorded_id=attempt.request_act_id)


def _for_staff(payout: Payout, attempt: PayoutAttempt, message: str, *, now: datetime) -> Decision:
    return Decision(
        changes={"next_retry_at": now + policy.LOOK_AT_RETURNED},
        effects=[_refused(payout, attempt, message)],
    )


def _refused(payout: Payout, attempt: PayoutAttempt, message: str) -> OpenDifference:
    return OpenDifference(
        DifferenceKind.REVERSAL_REFUSED,
        payout.stripe_transfer_id,
        payout.net,
        f"Stripe refused the reversal: {message}",
        attempt.destination,
    )
