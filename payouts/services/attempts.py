"""Attempts: the row that is committed before Stripe is called, and what its answers do to it.

Everything here runs inside the caller's transaction, with the payout locked.
"""

from datetime import datetime
from typing import NamedTuple

from payouts import policy
from payouts.models import Payout, PayoutAttempt
from payouts.policy import Verdict
from payouts.services import pauses
from payouts.services.moves import locked
from payouts.states import AttemptKind, AttemptStatus
from stripe_io.errors import Failure


class Turn(NamedTuple):
    """One worker's turn at an attempt: to send it under its key, or only to look for it at Stripe."""

    attempt: PayoutAttempt
    sends: bool


def open_attempt(
    payout: Payout,
    *,
    kind: AttemptKind,
    number: int,
    destination: str,
    amount: int,
    currency: str,
    now: datetime,
) -> Turn:
    """Write down a new attempt that is about to be sent, its destination pinned.

    The key follows from the payout and the attempt's number, so that a database restored from a backup sends
    under the same keys again.
    """
    attempt = PayoutAttempt.objects.create(
        payout=payout,
        kind=kind,
        idempotency_key=f"{kind}:{payout.pk}:{number}",
        destination=destination,
        amount=amount,
        currency=currency,
        sends=1,
        first_sent_at=now,
        last_sent_at=now,
        answered=False,
    )
    return Turn(attempt, sends=True)


def of_kind(payout: Payout, kind: AttemptKind) -> tuple[PayoutAttempt | None, int]:
    """Return the payout's open attempt of this kind, if any, and how many there were in all."""
    every = list(PayoutAttempt.objects.filter(payout=payout, kind=kind))
    return next((attempt for attempt in every if attempt.status == AttemptStatus.OPEN), None), len(every)


def locked_with_payout(attempt: PayoutAttempt) -> tuple[Payout, PayoutAttempt]:
    """Return the payout, locked, and the attempt as it is under that lock."""
    return locked(attempt.payout_id), PayoutAttempt.objects.get(pk=attempt.pk)


def send_again(attempt: PayoutAttempt, *, now: datetime) -> Turn:
    """Note, before it happens, that the attempt is sent once more; a send without an answer leaves doubt."""
    attempt.in_doubt = attempt.in_doubt or not attempt.answered
    attempt.answered = False
    attempt.sends += 1
    attempt.last_sent_at = now
    attempt.save(update_fields=["in_doubt", "answered", "sends", "last_sent_at"])
    return Turn(attempt, sends=True)


def record_failure(attempt: PayoutAttempt, failure: Failure, *, now: datetime) -> Verdict:
    """Write down what Stripe answered instead of doing it, and judge it; a proved refusal ends the attempt."""
    verdict = policy.verdict(failure, attempt=attempt)
    attempt.answered = True
    attempt.http_status = failure.http_status
    attempt.error_code = (failure.code or failure.type)[:255]
    attempt.error_message = failure.message
    attempt.request_id = failure.request_id
    if verdict == Verdict.UNKNOWN:
        attempt.in_doubt = True
        attempt.resendable = attempt.resendable and not (
            failure.replayed or failure.type == "idempotency_error"
        )
    if verdict == Verdict.KEY_REFUSED:
        pauses.pause_for_key(failure, now=now)
    if verdict in (Verdict.REFUSED, Verdict.SHORT):
        attempt.status = AttemptStatus.REFUSED
        attempt.ended_at = now
    attempt.save()
    return verdict


def succeed(attempt: PayoutAttempt, *, stripe_id: str, now: datetime) -> None:
    attempt.status = AttemptStatus.SUCCEEDED
    attempt.stripe_id = stripe_id
    attempt.answered = True
    attempt.ended_at = now
    attempt.save(update_fields=["status", "stripe_id", "answered", "ended_at"])


def end_absent(attempt: PayoutAttempt, *, now: datetime) -> bool:
    """End the attempt if it is long enough ago for Stripe's not having it to prove that nothing moved."""
    if attempt.last_sent_at is not None and now - attempt.last_sent_at < policy.ABSENCE_PROVED_AFTER:
        return False
    attempt.status = AttemptStatus.ABSENT
    attempt.ended_at = now
    attempt.save(update_fields=["status", "ended_at"])
    return True
