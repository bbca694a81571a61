"""Attempts: the row that is committed before Stripe is called, and what its answers do to it.

Everything here runs inside the caller's transaction, with the payout locked.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from database.staff import SYSTEM
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
    destination: str,
    amount: int,
    currency: str,
    requested_by: str = SYSTEM,
    request_reason: str = "",
) -> PayoutAttempt:
    """Write down a new attempt, its destination pinned; it is not sent yet.

    The key follows from the payout and the attempt's number, so that a database restored from a backup sends
    under the same keys again.
    """
    number = PayoutAttempt.objects.filter(payout=payout, kind=kind).count() + 1
    return PayoutAttempt.objects.create(
        payout=payout,
        kind=kind,
        idempotency_key=f"{kind}:{payout.pk}:{number}",
        destination=destination,
        amount=amount,
        currency=currency,
        requested_by=requested_by,
        request_reason=request_reason,
    )


def open_of(payout: Payout) -> PayoutAttempt | None:
    """Return the payout's open attempt, of whatever kind."""
    return PayoutAttempt.objects.filter(payout=payout, status=AttemptStatus.OPEN).first()


def last_of_kind(payout: Payout, kind: AttemptKind) -> PayoutAttempt | None:
    return PayoutAttempt.objects.filter(payout=payout, kind=kind).order_by("created_at", "pk").last()


def destination_of(payout: Payout) -> str:
    """Return the account that leg one went to, whatever the creator's account is now."""
    sent = PayoutAttempt.objects.get(
        payout=payout,
        kind=AttemptKind.TRANSFER,
        status=AttemptStatus.SUCCEEDED,
        stripe_id=payout.stripe_transfer_id,
    )
    return sent.destination


def named(attempt_id: str, *, kind: AttemptKind) -> PayoutAttempt | None:
    """Find the attempt that something at Stripe names in its metadata, which anybody may have written."""
    try:
        return PayoutAttempt.objects.filter(pk=UUID(attempt_id), kind=kind).first()
    except ValueError:
        return None


def locked_with_payout(attempt: PayoutAttempt) -> tuple[Payout, PayoutAttempt]:
    """Return the payout, locked, and the attempt as it is under that lock."""
    return locked(attempt.payout_id), PayoutAttempt.objects.get(pk=attempt.pk)


def take_turn(attempt: PayoutAttempt, *, now: datetime) -> Turn:
    """Let the attempt be sent, now or once more, if its key still can be; else only a look at Stripe settles it."""
    if not policy.may_send_again(attempt, now=now):
        return Turn(attempt, sends=False)
    return send(attempt, now=now)


def send(attempt: PayoutAttempt, *, now: datetime) -> Turn:
    """Note, before it happens, that the attempt is sent; an earlier send without an answer leaves doubt."""
    attempt.in_doubt = attempt.in_doubt or not attempt.answered
    attempt.answered = False
    attempt.sends += 1
    attempt.first_sent_at = attempt.first_sent_at or now
    attempt.last_sent_at = now
    attempt.save(update_fields=["in_doubt", "answered", "sends", "first_sent_at", "last_sent_at"])
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


def come_back(attempt: PayoutAttempt, *, failure_code: str, failure_message: str) -> None:
    """Write down that the bank sent back what this attempt had sent."""
    attempt.status = AttemptStatus.RETURNED
    attempt.error_code = failure_code[:255]
    attempt.error_message = failure_message
    attempt.save(update_fields=["status", "error_code", "error_message"])


def succeed(attempt: PayoutAttempt, *, stripe_id: str, now: datetime) -> None:
    attempt.status = AttemptStatus.SUCCEEDED
    attempt.stripe_id = stripe_id
    attempt.answered = True
    attempt.ended_at = now
    attempt.save(update_fields=["status", "stripe_id", "answered", "ended_at"])


def end_moot(attempt: PayoutAttempt, *, now: datetime) -> None:
    """End an attempt for which Stripe has nothing left to move."""
    attempt.status = AttemptStatus.ABSENT
    attempt.ended_at = now
    attempt.save(update_fields=["status", "ended_at"])


def end_absent(attempt: PayoutAttempt, *, now: datetime) -> bool:
    """End the attempt if it is long enough ago for Stripe's not having it to prove that nothing moved."""
    if attempt.last_sent_at is not None and now - attempt.last_sent_at < policy.ABSENCE_PROVED_AFTER:
        return False
    end_moot(attempt, now=now)
    return True
