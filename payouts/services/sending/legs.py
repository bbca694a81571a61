"""The interface of a leg, and the decisions that all legs share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from money import Money
from payouts import gateway, policy
from payouts.gateway import Arrival
from payouts.gateway.objects import Made
from payouts.models import DifferenceKind, Payout, PayoutAttempt
from payouts.policy import Verdict
from payouts.services.moves import AttemptUpdate, Move, PayoutChanges
from payouts.services.sending.decision import NOTHING, Decision
from payouts.services.sending.effects import OpenDifference
from payouts.services.sending.history import Circumstances, History
from payouts.states import AttemptKind, AttemptStatus
from stripe_io.errors import Failure


@dataclass(frozen=True, slots=True)
class AsksWhatArrived:
    """Asks what a transfer brought to its connected account; None while Stripe doesn't show it."""

    destination_payment: str
    account: str

    def ask(self) -> Arrival | None:
        return gateway.retrieve_arrival(destination_payment=self.destination_payment, account=self.account)


class Leg(Protocol):
    """One way that money moves at Stripe: the calls it makes, and what the answers mean.

    Decisions are pure: they only read their arguments.
    """

    KIND: AttemptKind

    def may_send_again(self, history: History, circumstances: Circumstances) -> bool:
        """Return whether this leg allows the open attempt to be sent again."""

    def send(self, attempt: PayoutAttempt) -> Any:
        """Have Stripe move the money under the attempt's key; return the object that it created.

        Raises: StripeCallFailed.
        """

    def find(self, attempt: PayoutAttempt) -> Sequence[Any]:
        """List Stripe's objects that may be this attempt's; its own name it.

        Raises: StripeCallFailed.
        """

    def succeeded(self, history: History, attempt: PayoutAttempt, made: Any, *, now: datetime) -> Decision:
        """Decide after Stripe moved the money."""

    def failed(
        self, history: History, attempt: PayoutAttempt, failure: Failure, verdict: Verdict, *, now: datetime
    ) -> Decision:
        """Decide after a failed send of the open attempt, which already includes the failure."""

    def absent(self, history: History, *, now: datetime) -> Decision:
        """Decide after proof that the attempt moved nothing."""

    def unknown(self, history: History) -> Sequence[Move]:
        """Return the payout's moves once only a look-up can settle the open attempt."""


def try_again(attempt: PayoutAttempt, *, now: datetime, moves: Sequence[Move] = ()) -> Decision:
    return Decision(moves=moves, changes={"next_retry_at": policy.next_try(attempt, now=now)})


def look_again(attempt: PayoutAttempt, *, now: datetime, moves: Sequence[Move] = ()) -> Decision:
    return Decision(moves=moves, changes={"next_retry_at": policy.next_look(attempt, now=now)})


def proven_absent(attempt: PayoutAttempt, *, now: datetime) -> bool:
    """Return whether the last send was so long ago that its absence at Stripe proves that nothing moved."""
    if attempt.stripe_id:  # Stripe keeps it pending
        return False
    return attempt.last_sent_at is None or now - attempt.last_sent_at >= policy.ABSENCE_PROVED_AFTER


def after_absence(history: History, kind: AttemptKind, *, now: datetime) -> Decision:
    """Try again under a new key, at once after the first absence and then ever later."""
    absences = sum(attempt.status == AttemptStatus.ABSENT for attempt in history.of_kind(kind))
    return Decision(changes={"next_retry_at": policy.next_try_after_absence(absences, now=now)})


def failure_columns(failure: Failure) -> PayoutChanges:
    """Keep why Stripe refused a payout: its code, and its sentence for staff.

    Stripe often refuses without a code; then it is `refused`.
    """
    code = "account_gone" if policy.loses_account(failure) else policy.code_of(failure)[:64]
    return {"failure_code": code or "refused", "failure_message": failure.message}


def differences_of(payout: Payout, attempt: PayoutAttempt, failure: Failure) -> Sequence[OpenDifference]:
    """Return what a person must look into: an amount that Stripe doesn't move at once. Payouts are never split."""
    if policy.code_of(failure) != "amount_too_large":
        return ()
    detail = f"Stripe does not send {Money(attempt.amount, attempt.currency)} at once: {failure.message}"
    return [
        OpenDifference(
            DifferenceKind.AMOUNT_TOO_LARGE, str(payout.pk), payout.net, detail, attempt.destination
        )
    ]


def recorded_before(attempt: PayoutAttempt, made: Made) -> Decision:
    """Keep the id of the request that made what a webhook or a look-up told before the answer came; else do nothing."""
    if made.request_id in ("", attempt.request_id):
        return NOTHING
    return Decision(update=AttemptUpdate(attempt, {"request_id": made.request_id}))
