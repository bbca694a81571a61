"""Leg two: the bank payout of what the transfer brought, and what Stripe later says of it."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from accounts import selectors as accounts
from accounts.models import CreatorPaymentAccount
from database import notices, sql
from money.currencies import PAID_OUT_WHOLE, payable_part
from payouts import gateway, policy, selectors
from payouts.gateway import Arrival, BankPayout
from payouts.models import Payout, PayoutAttempt
from payouts.policy import Verdict
from payouts.services import attempts, pauses, reversals, unexpected
from payouts.services.attempts import Turn
from payouts.services.moves import keep, locked, move, wait
from payouts.states import ENDED_BADLY, AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure, StripeCallFailed

_WAKE = sql.read(Path(__file__).with_name("wake.sql"))
ENDED = frozenset(["paid", *ENDED_BADLY])


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
            destination_payment=payout.destination_payment, account=attempts.destination_of(payout)
        )
    except StripeCallFailed as error:
        if policy.loses_account(error.failure):
            _lose(payout_id, now=now)
        else:
            wait(payout, until=now + policy.LEASE)
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
    """Record that the attempt's bank payout exists; doing so again changes nothing.

    One that is found although its attempt was thought to have come to nothing is the payout's own if the payout
    has no other; else it is one too many.
    """
    payout, attempt = attempts.locked_with_payout(attempt)
    if attempt.stripe_id:
        return
    wanted = attempts.open_of(payout) in (attempt, None) and not payout.stripe_payout_id
    attempts.succeed(attempt, stripe_id=sent.id, now=now)
    if not wanted or payout.status not in (PayoutStatus.IN_TRANSIT, PayoutStatus.RETURNED):
        unexpected.record_bank_payout(sent, account=attempt.destination, payout=payout, now=now)
        return
    if payout.status == PayoutStatus.RETURNED:
        move(payout, PayoutStatus.IN_TRANSIT, now=now, reason=f"bank payout {sent.id} was sent after all")
    Payout.objects.filter(pk=payout.pk).update(
        stripe_payout_id=sent.id,
        arrival_date=sent.arrival_date,
        next_retry_at=now + policy.CONFIRM_AFTER,
        taken_at=None,
    )


@transaction.atomic
def apply_bank_payout(said: BankPayout, *, now: datetime) -> bool:
    """Do what Stripe says of a bank payout that we started; return False if it changes nothing (any more).

    One of an earlier attempt changes that attempt alone.
    """
    if said.status not in ENDED:
        return False
    known = PayoutAttempt.objects.filter(kind=AttemptKind.BANK_PAYOUT, stripe_id=said.id).first()
    if known is None:
        return False
    payout, attempt = attempts.locked_with_payout(known)
    came_back = said.status in ENDED_BADLY and attempt.status == AttemptStatus.SUCCEEDED
    if came_back:
        attempts.come_back(attempt, failure_code=said.failure_code, failure_message=said.failure_message)
    if payout.stripe_payout_id != said.id:
        return came_back
    sent = attempt.status == AttemptStatus.SUCCEEDED
    if said.status == "paid" and sent and payout.status == PayoutStatus.IN_TRANSIT:
        move(
            payout,
            PayoutStatus.PAID,
            now=now,
            reason=f"bank payout {said.id}",
            arrival_date=said.arrival_date or payout.arrival_date,
            next_retry_at=None,
        )
        reversals.end_refusal(payout, reason=f"bank payout {said.id} has brought it to the bank", now=now)
        return True
    if came_back and payout.status in (PayoutStatus.IN_TRANSIT, PayoutStatus.PAID):
        move(
            payout,
            PayoutStatus.RETURNED,
            now=now,
            reason=f"bank payout {said.id} {said.status}",
            failure_code=said.failure_code[:64],
            failure_message=said.failure_message,
            next_retry_at=now + policy.LOOK_AT_RETURNED,
        )
        return True
    return came_back


@transaction.atomic
def _begin(payout_id: UUID, arrival: Arrival, *, now: datetime) -> Turn | None:
    payout = locked(payout_id)
    due = payout.next_retry_at is not None and payout.next_retry_at <= now
    if payout.status != PayoutStatus.IN_TRANSIT or payout.stripe_payout_id or not due or pauses.stops(payout):
        return None
    attempt = attempts.open_of(payout)
    if attempt is None:
        attempt = _open_attempt(payout, arrival, now=now)
    if attempt is None:
        return None
    keep(payout, now=now)
    return attempts.take_turn(attempt, now=now)


def _open_attempt(payout: Payout, arrival: Arrival, *, now: datetime) -> PayoutAttempt | None:
    """Choose what goes to the bank, unless the funds, or a person, must be waited for.

    What an earlier payout to this account left there, as its bank takes whole units only, goes along.
    """
    destination = attempts.destination_of(payout)
    if arrival.available_on > now:
        wait(payout, until=arrival.available_on)
        return None
    if accounts.cooling_down_until(payout.creator_id) is not None:
        # The bank account may be somebody else's by now. Staff may end this early: it is looked at again and again.
        wait(payout, until=now + policy.WAIT_FOR_ACCOUNT)
        return None
    if payout.amount_reversed or selectors.foreign_bank_payouts(destination).exists():
        wait(payout, until=now + policy.WAIT_FOR_PERSON)
        return None
    amount = _bank_amount(payout, arrival, destination=destination)
    if not amount:
        move(
            payout,
            PayoutStatus.RETURNED,
            now=now,
            reason="no bank takes so little",
            failure_code="amount_too_small",
            next_retry_at=now,
        )
        return None
    Payout.objects.filter(pk=payout.pk).update(
        arrival_amount=arrival.amount, bank_amount=amount, bank_currency=arrival.currency
    )
    return attempts.open_attempt(
        payout,
        kind=AttemptKind.BANK_PAYOUT,
        destination=destination,
        amount=amount,
        currency=arrival.currency,
    )


def _bank_amount(payout: Payout, arrival: Arrival, *, destination: str) -> int:
    """Return what goes to the bank: all that arrived, or of some currencies the whole units of what lies there."""
    if arrival.currency not in PAID_OUT_WHOLE:
        return arrival.amount
    # Two payouts to one account would each take along the same remainder.
    CreatorPaymentAccount.objects.select_for_update(no_key=True).get(stripe_account_id=destination)
    left = selectors.left_behind(destination, currency=arrival.currency, but_by=payout)
    return payable_part(arrival.amount + left, arrival.currency)


@transaction.atomic
def _lose(payout_id: UUID, *, now: datetime) -> None:
    """Give up the way to the bank of an account that we can't use any more, unless something may be under way there."""
    payout = locked(payout_id)
    if payout.status != PayoutStatus.IN_TRANSIT:
        return
    if payout.stripe_payout_id or attempts.open_of(payout) is not None:
        wait(payout, until=now + policy.CONFIRM_AFTER)
    else:
        move(
            payout,
            PayoutStatus.RETURNED,
            now=now,
            reason="Stripe does not let us use the account any more",
            failure_code="account_gone",
            next_retry_at=now,
        )


def _confirm(payout: Payout, *, now: datetime) -> None:
    """Ask for the bank payout whose webhook hasn't come, or came to nothing."""
    said = gateway.retrieve_bank_payout(
        stripe_payout_id=payout.stripe_payout_id, account=attempts.destination_of(payout)
    )
    if not apply_bank_payout(said, now=now):
        wait(payout, until=now + policy.CONFIRM_AFTER)


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
            wait(payout, until=now)
            return
    _look_again(attempt, now=now)


@transaction.atomic
def _look_again(attempt: PayoutAttempt, *, now: datetime) -> None:
    payout, attempt = attempts.locked_with_payout(attempt)
    if attempt.status == AttemptStatus.OPEN:
        wait(payout, until=policy.next_look(attempt, now=now))


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
            next_retry_at=now + policy.LOOK_AT_RETURNED,
        )
    elif verdict == Verdict.SHORT:
        wait(payout, until=now + policy.WAIT_FOR_FUNDS)
    else:
        wait(payout, until=policy.next_try(attempt, now=now))


def wake(account: str, *, now: datetime) -> None:
    """Have the payouts looked at that wait for funds on a connected account, as some have become available."""
    if sql.run(_WAKE, {"account": account, "now": now}):
        notices.send_debounced_on_commit("payouts.sweep")
