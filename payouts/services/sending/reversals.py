"""Taking a transfer back, and transfers that came back without us."""

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
from payouts.services.sending.effects import Book, GiveBack, OpenDifference, SettleDifference
from payouts.services.sending.history import Circumstances, History
from payouts.services.sending.legs import try_again
from payouts.states import AttemptKind, PayoutStatus
from stripe_io.errors import Failure, NotYet

KIND = AttemptKind.REVERSAL


@dataclass(frozen=True, slots=True)
class CameBack:
    """How much of the payout's transfer has come back so far, whoever took it; `attempt_id` None, as no one tells."""

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
    """List the transfer's reversals, and how much came back by all of them."""
    transfer_id = attempt.payout.stripe_transfer_id
    reversals = gateway.find_reversals(transfer_id)
    ours = [reversal for reversal in reversals if reversal.attempt_id == attempt.pk]
    amount_reversed = gateway.retrieve_transfer(transfer_id).amount_reversed
    return [*ours, CameBack(amount_reversed)]


def succeeded(
    history: History, attempt: PayoutAttempt, made: Reversal | CameBack, *, now: datetime
) -> Decision:
    """Record what was taken back by the attempt."""
    payout = history.payout
    if isinstance(made, CameBack):
        return came_back(history, made.amount_reversed, now=now)
    if attempt.stripe_id:
        return NOTHING
    all_of_it = min(payout.amount_reversed + attempt.amount, payout.net_amount)
    update = attempts.succeeded(attempt, stripe_id=made.id, now=now)
    return replace(came_back(history, all_of_it, now=now), update=update)


def came_back(history: History, amount_reversed: int, *, now: datetime) -> Decision:
    """Decide when `amount_reversed` of the payout's transfer has come back so far, by whomever.

    All of it, while nothing went to the bank, gives the payout's earnings back. Anything else lies in suspense as a
    difference, until a person has placed it.

    Raises: NotYet while a bank payout may be under way.
    """
    payout, attempt = history.payout, history.open_attempt
    if amount_reversed <= payout.amount_reversed:
        return NOTHING
    if attempt is not None and attempt.kind == AttemptKind.BANK_PAYOUT:
        raise NotYet("a bank payout may be under way")
    # Where Stripe's own schedule pays the banks, a payout is paid without a bank payout of ours.
    at_stripe = payout.status == PayoutStatus.RETURNED or (
        payout.status in (PayoutStatus.IN_TRANSIT, PayoutStatus.PAID) and not payout.stripe_payout_id
    )
    if amount_reversed == payout.net_amount and at_stripe:
        return _reversed(history, now=now)
    return _suspended(payout, amount_reversed)


def nobody_wants_it_back(payout: Payout, *, reason: str) -> SettleDifference:
    """Close what a person was told when Stripe refused to take the payout's transfer back."""
    return SettleDifference(DifferenceKind.REVERSAL_REFUSED, payout.stripe_transfer_id, reason)


def failed(
    history: History, attempt: PayoutAttempt, failure: Failure, verdict: Verdict, *, now: datetime
) -> Decision:
    """Keep the payout returned; what can't be taken back now is a difference, and is tried again much later."""
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


def _reversed(history: History, *, now: datetime) -> Decision:
    """End the payout; nothing is left of the transfer that an attempt to take it back could still move."""
    payout, attempt, asked = history.payout, history.open_attempt, history.last_reversal
    because = f": {asked.request_reason}" if asked and asked.request_reason else ""
    move = Move(
        PayoutStatus.REVERSED,
        f"transfer {payout.stripe_transfer_id} reversed{because}",
        asked.requested_by if asked else SYSTEM,
    )
    why = "the transfer is reversed as a whole"
    return Decision(
        moves=[move],
        changes={"amount_reversed": payout.net_amount, "next_retry_at": None},
        update=attempts.ended_without_effect(attempt, now=now) if attempt else None,
        effects=[
            GiveBack(AccountKind.STRIPE_BALANCE, in_suspense=payout.amount_reversed),
            SettleDifference(DifferenceKind.UNEXPLAINED_REVERSAL, payout.stripe_transfer_id, why),
            nobody_wants_it_back(payout, reason=why),
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
        f"Stripe does not take it back: {failure.message}",
        attempt.destination,
    )
