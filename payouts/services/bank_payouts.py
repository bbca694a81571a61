"""Leg two: the bank payout of what the transfer brought, and what Stripe later says of it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import selectors as accounts
from payouts import gateway, policy
from payouts.gateway import Arrival, BankPayout
from payouts.models import Payout, PayoutAttempt
from payouts.policy import Verdict
from payouts.services import attempts, pauses
from payouts.services.attempts import Turn
from payouts.services.moves import locked, move
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure, StripeCallFailed

ENDED_BADLY = frozenset(["failed", "canceled"])


def send_bank_payout(payout_id: UUID, *, now: datetime) -> None:
    """Send a transferred payout on to the bank if it is due, or ask where its bank payout is.

    Funds that aren't available yet are waited for; that is no failed attempt.
    """
    payout = Payout.objects.get(pk=payout_id)
    if payout.status != PayoutStatus.IN_TRANSIT or payout.next_retry_at is None or payout.next_retry_at > now:
        return
    try:
        if payout.stripe_payout_id:
            _confirm(payout, now=now)
            return
        arrival = gateway.retrieve_arrival(
            destination_payment=payout.destination_payment, account=_destination(payout)
        )
    except StripeCallFailed:
        _wait(payout, until=now + policy.LEASE)
        return
    turn = _begin(payout_id, arrival, now=now)
    if turn is None:
        return
    if not turn.sends:
        _look_up(turn.attempt, now=now)
        return
    try:
        record_bank_payout(turn.attempt, gateway.create_bank_payout(turn.attempt), now=now)
    except StripeCallFailed as error:
        _record_failure(turn.attempt, error.failure, now=now)


@transaction.atomic
def record_bank_payout(attempt: PayoutAttempt, sent: BankPayout, *, now: datetime) -> None:
    """Record that the attempt's bank payout exists; doing so again changes nothing."""
    payout, attempt = attempts.locked_with_payout(attempt)
    if attempt.status != AttemptStatus.OPEN:
        return
    attempts.succeed(attempt, stripe_id=sent.id, now=now)
    Payout.objects.filter(pk=payout.pk).update(
        stripe_payout_id=sent.id,
        arrival_date=sent.arrival_date,
        next_retry_at=now + policy.CONFIRM_AFTER,
        queued_at=None,
    )


@transaction.atomic
def apply_bank_payout(said: BankPayout, *, now: datetime) -> bool:
    """Do what Stripe says of a bank payout that we started; return False if it changes nothing (any more)."""
    known = Payout.objects.filter(stripe_payout_id=said.id).values_list("pk", flat=True).first()
    if known is None:
        return False
    payout = locked(known)
    if payout.stripe_payout_id != said.id:
        return False
    if said.status == "paid" and payout.status == PayoutStatus.IN_TRANSIT:
        move(
            payout,
            PayoutStatus.PAID,
            now=now,
            reason=f"bank payout {said.id}",
            paid_at=now,
            arrival_date=said.arrival_date or payout.arrival_date,
            next_retry_at=None,
        )
        return True
    if said.status in ENDED_BADLY and payout.status in (PayoutStatus.IN_TRANSIT, PayoutStatus.PAID):
        move(
            payout,
            PayoutStatus.RETURNED,
            now=now,
            reason=f"bank payout {said.id} {said.status}",
            failure_code=said.failure_code[:64],
            failure_message=said.failure_message,
            paid_at=None,
            next_retry_at=None,
        )
        return True
    return False


@transaction.atomic
def _begin(payout_id: UUID, arrival: Arrival, *, now: datetime) -> Turn | None:
    payout = locked(payout_id)
    due = payout.next_retry_at is not None and payout.next_retry_at <= now
    if payout.status != PayoutStatus.IN_TRANSIT or payout.stripe_payout_id or not due or pauses.stops(payout):
        return None
    attempt, number = attempts.of_kind(payout, AttemptKind.BANK_PAYOUT)
    if attempt is None and arrival.available_on > now:
        _wait(payout, until=arrival.available_on)
        return None
    if attempt is None and accounts.cooling_down_until(payout.creator_id) is not None:
        # The bank account may be somebody else's by now. Staff may end this early: it is looked at again and again.
        _wait(payout, until=now + policy.WAIT_FOR_ACCOUNT)
        return None
    Payout.objects.filter(pk=payout.pk).update(
        bank_amount=arrival.amount,
        bank_currency=arrival.currency,
        next_retry_at=now + policy.LEASE,
        queued_at=None,
    )
    if attempt is not None:
        sends = policy.may_send_again(attempt, now=now)
        return attempts.send_again(attempt, now=now) if sends else Turn(attempt, sends=False)
    return attempts.open_attempt(
        payout,
        kind=AttemptKind.BANK_PAYOUT,
        number=number + 1,
        destination=_destination(payout),
        amount=arrival.amount,
        currency=arrival.currency,
        now=now,
    )


def _confirm(payout: Payout, *, now: datetime) -> None:
    """Ask for the bank payout whose webhook hasn't come, or came to nothing."""
    said = gateway.retrieve_bank_payout(
        stripe_payout_id=payout.stripe_payout_id, account=_destination(payout)
    )
    if not apply_bank_payout(said, now=now):
        _wait(payout, until=now + policy.CONFIRM_AFTER)


def _look_up(attempt: PayoutAttempt, *, now: datetime) -> None:
    """Look for the attempt's bank payout at Stripe; a look that fails says nothing of any send."""
    try:
        found = gateway.find_bank_payout(attempt)
    except StripeCallFailed:
        _look_again(attempt, now=now)
        return
    if found is not None:
        record_bank_payout(attempt, found, now=now)
        return
    with transaction.atomic():
        payout, attempt = attempts.locked_with_payout(attempt)
        if attempt.status == AttemptStatus.OPEN and attempts.end_absent(attempt, now=now):
            _wait(payout, until=now)
            return
    _look_again(attempt, now=now)


@transaction.atomic
def _look_again(attempt: PayoutAttempt, *, now: datetime) -> None:
    payout, attempt = attempts.locked_with_payout(attempt)
    if attempt.status == AttemptStatus.OPEN:
        _wait(payout, until=policy.next_look(attempt, now=now))


@transaction.atomic
def _record_failure(attempt: PayoutAttempt, failure: Failure, *, now: datetime) -> None:
    payout, attempt = attempts.locked_with_payout(attempt)
    if attempt.status != AttemptStatus.OPEN:
        return
    verdict = attempts.record_failure(attempt, failure, now=now)
    first_try = payout.attempts.filter(kind=AttemptKind.BANK_PAYOUT).earliest("created_at").created_at
    missing = verdict == Verdict.SHORT and now - first_try > policy.FUNDS_MISSING_AFTER
    if verdict == Verdict.REFUSED or missing:
        move(
            payout,
            PayoutStatus.RETURNED,
            now=now,
            reason="the bank payout was refused",
            failure_code=failure.code[:64],
            failure_message=failure.message,
            next_retry_at=None,
        )
    elif verdict == Verdict.SHORT:
        _wait(payout, until=now + policy.WAIT_FOR_FUNDS)
    else:
        _wait(payout, until=policy.next_try(attempt, now=now))


def _wait(payout: Payout, *, until: datetime) -> None:
    Payout.objects.filter(pk=payout.pk, status=PayoutStatus.IN_TRANSIT).update(
        next_retry_at=until, queued_at=None
    )


def _destination(payout: Payout) -> str:
    """Return the account that leg one went to, whatever the creator's account is now."""
    sent = payout.attempts.get(kind=AttemptKind.TRANSFER, status=AttemptStatus.SUCCEEDED)
    return sent.destination
