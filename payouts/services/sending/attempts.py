"""Attempts: the row that is committed before Stripe is called, and its updates by Stripe's answers."""

from copy import copy
from datetime import datetime

from database.staff import SYSTEM, Act
from payouts import policy
from payouts.gateway import BankPayout, Transfer
from payouts.models import PayoutAttempt
from payouts.policy import Verdict
from payouts.services.moves import AttemptColumns, AttemptUpdate
from payouts.services.sending.history import History
from payouts.states import AttemptKind, AttemptStatus
from stripe_io.errors import Failure


def new_attempt(
    history: History,
    *,
    kind: AttemptKind,
    destination: str,
    amount: int,
    currency: str,
    act: Act | None = None,
) -> AttemptColumns:
    """Describe the next attempt of a kind, not sent yet. `act` is given if staff requested it.

    The key and the metadata follow from what is paid and the attempt's number, so a database restored from a backup
    sends the same under the same keys again.
    """
    identity = history.identity(kind, number=len(history.of_kind(kind)) + 1)
    return AttemptColumns(
        kind=kind.value,
        status=AttemptStatus.OPEN.value,
        idempotency_key=identity.key,
        metadata=identity.metadata,
        destination=destination,
        amount=amount,
        currency=currency,
        requested_by=act.actor if act else SYSTEM,
        request_reason=act.reason if act else "",
        request_act_id=act.recorded_id if act else None,
        sends=0,
        first_sent_at=None,
        answered=True,
        in_doubt=False,
        resendable=True,
        stripe_id="",
        error_code="",
        error_message="",
        request_id="",
    )


def lost(
    history: History, made: Transfer | BankPayout, *, kind: AttemptKind, destination: str
) -> AttemptColumns:
    """Describe the attempt by which a database that was lost made this: sent, its answer unknown here."""
    attempt = new_attempt(
        history, kind=kind, destination=destination, amount=made.amount, currency=made.currency
    )
    if made.identity is not None:
        attempt |= {"idempotency_key": made.identity.key, "metadata": made.identity.metadata}
    elif made.attempt_id is not None:
        attempt["id"] = made.attempt_id
    return {**sent_first(attempt, now=made.created), "in_doubt": True}


def sent_first(attempt: AttemptColumns, *, now: datetime) -> AttemptColumns:
    """Record the first send of a new attempt, before it happens."""
    return {**attempt, "sends": 1, "first_sent_at": now, "last_sent_at": now, "answered": False}


def sent_again(attempt: PayoutAttempt, *, now: datetime) -> AttemptUpdate:
    """Record another send, before it happens; an earlier send without an answer puts the attempt in doubt."""
    return AttemptUpdate(
        attempt,
        {
            "in_doubt": attempt.in_doubt or not attempt.answered,
            "answered": False,
            "sends": attempt.sends + 1,
            "first_sent_at": attempt.first_sent_at or now,
            "last_sent_at": now,
        },
    )


def failed(attempt: PayoutAttempt, failure: Failure, verdict: Verdict, *, now: datetime) -> AttemptUpdate:
    """Record Stripe's failure; a proven refusal ends the attempt."""
    changes: AttemptColumns = {
        "answered": True,
        "http_status": failure.http_status,
        "error_code": (policy.code_of(failure) or failure.type)[:255],
        "error_message": failure.message,
        "request_id": failure.request_id,
    }
    if verdict == Verdict.UNKNOWN:
        changes["in_doubt"] = True
        if failure.replayed or failure.type == "idempotency_error" or failure.should_retry is False:
            changes["resendable"] = False
    if verdict in policy.PROVEN:
        changes |= _ended(AttemptStatus.REFUSED, now=now)
    return AttemptUpdate(attempt, changes)


def succeeded(
    attempt: PayoutAttempt,
    *,
    stripe_id: str,
    request_id: str = "",
    external_account: str = "",
    now: datetime,
) -> AttemptUpdate:
    """Record what Stripe made; if a look-up found it, the latest answer to a send keeps its request id."""
    columns: AttemptColumns = {
        **_ended(AttemptStatus.SUCCEEDED, now=now),
        **_accepted(stripe_id, request_id),
    }
    if external_account:
        columns["external_account_id"] = external_account
    return AttemptUpdate(attempt, columns)


def pending(attempt: PayoutAttempt, *, stripe_id: str, request_id: str = "") -> AttemptUpdate:
    """Keep an attempt open that Stripe has accepted, but not carried out yet."""
    return AttemptUpdate(attempt, _accepted(stripe_id, request_id))


def refused_later(attempt: PayoutAttempt, *, code: str, message: str, now: datetime) -> AttemptUpdate:
    """End an attempt that Stripe had accepted, and then didn't carry out."""
    return AttemptUpdate(
        attempt, {**_ended(AttemptStatus.REFUSED, now=now), "error_code": code, "error_message": message}
    )


def ended_without_effect(attempt: PayoutAttempt, *, now: datetime) -> AttemptUpdate:
    """End an attempt that moved nothing, or that has nothing left to move."""
    return AttemptUpdate(attempt, _ended(AttemptStatus.ABSENT, now=now))


def returned(attempt: PayoutAttempt, *, failure_code: str, failure_message: str) -> AttemptUpdate:
    """Record that the bank returned the money that this attempt sent."""
    return AttemptUpdate(
        attempt,
        {
            "status": AttemptStatus.RETURNED.value,
            "error_code": failure_code[:255],
            "error_message": failure_message,
        },
    )


def withdrawn(attempt: PayoutAttempt, *, act: Act, now: datetime) -> AttemptUpdate:
    """Record that staff no longer want the money that this attempt should have taken back."""
    return AttemptUpdate(
        attempt,
        {
            "withdrawn_by": act.actor,
            "withdraw_reason": act.reason,
            "withdraw_act_id": act.recorded_id,
            "withdrawn_at": now,
        },
    )


def after(update: AttemptUpdate) -> PayoutAttempt:
    """Return a copy of the attempt with the update applied."""
    attempt = copy(update.attempt)
    for name, value in update.changes.items():
        setattr(attempt, name, value)
    return attempt


def _ended(status: AttemptStatus, *, now: datetime) -> AttemptColumns:
    return {"status": status.value, "ended_at": now}


def _accepted(stripe_id: str, request_id: str) -> AttemptColumns:
    columns: AttemptColumns = {"stripe_id": stripe_id, "answered": True}
    if request_id:
        columns["request_id"] = request_id
    return columns
