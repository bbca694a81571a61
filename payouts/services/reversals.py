"""Taking a transfer back, and transfers that came back without us."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from database.staff import SYSTEM
from ledger import services as ledger
from ledger.models import AccountKind
from ledger.services import Line
from money import Money
from payouts import gateway, policy
from payouts.models import DifferenceKind, Payout, PayoutAttempt
from payouts.policy import Verdict
from payouts.services import attempts, differences, pauses, unexpected
from payouts.services.attempts import Turn
from payouts.services.moves import give_back, keep, locked, move, wait
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure, NotYet, SetAside, StripeCallFailed


def request_reversal(
    payout: Payout, *, now: datetime, requested_by: str = SYSTEM, request_reason: str = ""
) -> None:
    """Write down that what is left of a returned payout's transfer is to be taken back; the payout is locked."""
    attempts.open_attempt(
        payout,
        kind=AttemptKind.REVERSAL,
        destination=attempts.destination_of(payout),
        amount=payout.net_amount - payout.amount_reversed,
        currency=payout.currency,
        requested_by=requested_by,
        request_reason=request_reason,
    )
    wait(payout, until=now)


def send_reversal(payout_id: UUID, *, now: datetime) -> None:
    """Take back the transfer of a returned payout for which that is written down, if it is due."""
    turn = _begin(payout_id, now=now)
    if turn is None:
        return
    transfer_id = turn.attempt.payout.stripe_transfer_id
    if not turn.sends:
        _look_up(turn.attempt, transfer_id=transfer_id, now=now)
        return
    try:
        reversal_id = gateway.create_reversal(turn.attempt, transfer_id=transfer_id)
    except StripeCallFailed as error:
        _record_failure(turn.attempt, error.failure, now=now)
    else:
        _record_sent(turn.attempt, reversal_id=reversal_id, now=now)


@transaction.atomic
def record_reversal(*, transfer_id: str, amount_reversed: int, now: datetime) -> None:
    """Record that `amount_reversed` of a transfer has come back so far; doing so again changes nothing.

    All of it, while nothing went to the bank, gives the payout's rows back. Anything else lies in suspense as a
    difference, until a person has placed it.

    Raises: SetAside if no payout here has the transfer; NotYet while a bank payout may be under way.
    """
    known = Payout.objects.filter(stripe_transfer_id=transfer_id).values_list("pk", flat=True).first()
    if known is None:
        if unexpected.record_reversal(transfer_id=transfer_id, amount_reversed=amount_reversed, now=now):
            return
        raise SetAside("no payout here has this transfer")
    payout = locked(known)
    more = amount_reversed - payout.amount_reversed
    if more <= 0:
        return
    attempt = attempts.open_of(payout)
    if attempt is not None and attempt.kind == AttemptKind.BANK_PAYOUT:
        raise NotYet("a bank payout may be under way")
    # Where Stripe's own schedule pays the banks, a payout is paid without a bank payout of ours.
    at_stripe = payout.status == PayoutStatus.RETURNED or (
        payout.status in (PayoutStatus.IN_TRANSIT, PayoutStatus.PAID) and not payout.stripe_payout_id
    )
    if amount_reversed == payout.net_amount and at_stripe:
        _end_reversed(payout, attempt, now=now)
    else:
        _suspend(payout, more=more, amount_reversed=amount_reversed, now=now)


def end_refusal(payout: Payout, *, reason: str, now: datetime) -> None:
    """Close what was told to a person when Stripe refused to take the payout's transfer back: nobody wants it back."""
    differences.settle(
        DifferenceKind.REVERSAL_REFUSED, subject=payout.stripe_transfer_id, reason=reason, now=now
    )


def _end_reversed(payout: Payout, attempt: PayoutAttempt | None, *, now: datetime) -> None:
    """End the payout; nothing is left of the transfer that an attempt to take it back could still move."""
    if attempt is not None:
        attempts.end_moot(attempt, now=now)
    transfer_id, in_suspense = payout.stripe_transfer_id, payout.amount_reversed
    asked = attempts.last_of_kind(payout, AttemptKind.REVERSAL)
    because = f": {asked.request_reason}" if asked and asked.request_reason else ""
    move(
        payout,
        PayoutStatus.REVERSED,
        now=now,
        actor=asked.requested_by if asked else SYSTEM,
        reason=f"transfer {transfer_id} reversed{because}",
        amount_reversed=payout.net_amount,
        next_retry_at=None,
    )
    give_back(payout, held_in=AccountKind.STRIPE_BALANCE, in_suspense=in_suspense)
    why = "the transfer is reversed as a whole"
    differences.settle(DifferenceKind.UNEXPLAINED_REVERSAL, subject=transfer_id, reason=why, now=now)
    end_refusal(payout, reason=why, now=now)


def _suspend(payout: Payout, *, more: int, amount_reversed: int, now: datetime) -> None:
    part = Money(more, payout.currency)
    Payout.objects.filter(pk=payout.pk).update(amount_reversed=amount_reversed)
    ledger.post(
        source_key=f"payout:{payout.pk}:reversed:{amount_reversed}",
        kind="reversal_suspended",
        lines=[Line(AccountKind.STRIPE_BALANCE, -part), Line(AccountKind.SUSPENSE, part)],
    )
    differences.open_difference(
        DifferenceKind.UNEXPLAINED_REVERSAL,
        subject=payout.stripe_transfer_id,
        amount=Money(-amount_reversed, payout.currency),
        detail=f"{amount_reversed} of {payout.net_amount} came back while the payout was {payout.status}",
        payout=payout,
        now=now,
    )


@transaction.atomic
def _begin(payout_id: UUID, *, now: datetime) -> Turn | None:
    payout = locked(payout_id)
    attempt = attempts.open_of(payout)
    due = payout.next_retry_at is not None and payout.next_retry_at <= now
    if attempt is None or attempt.kind != AttemptKind.REVERSAL or not due or pauses.stops(payout):
        return None
    keep(payout, now=now)
    return attempts.take_turn(attempt, now=now)


@transaction.atomic
def _record_sent(attempt: PayoutAttempt, *, reversal_id: str, now: datetime) -> None:
    payout, attempt = attempts.locked_with_payout(attempt)
    attempts.succeed(attempt, stripe_id=reversal_id, now=now)
    record_reversal(
        transfer_id=payout.stripe_transfer_id,
        amount_reversed=min(payout.amount_reversed + attempt.amount, payout.net_amount),
        now=now,
    )


def _look_up(attempt: PayoutAttempt, *, transfer_id: str, now: datetime) -> None:
    """Look for the attempt's reversal at Stripe; a look that fails says nothing of any send."""
    try:
        found = gateway.find_reversal(attempt, transfer_id=transfer_id)
        amount_reversed = gateway.retrieve_transfer(transfer_id).amount_reversed
    except StripeCallFailed:
        wait(attempt.payout, until=policy.next_look(attempt, now=now))
        return
    with transaction.atomic():
        payout, attempt = attempts.locked_with_payout(attempt)
        if attempt.status != AttemptStatus.OPEN:
            return
        if found is not None:
            attempts.succeed(attempt, stripe_id=found, now=now)
        if amount_reversed:
            record_reversal(transfer_id=transfer_id, amount_reversed=amount_reversed, now=now)
        if found is not None or amount_reversed == payout.net_amount:
            return
        proved = attempts.end_absent(attempt, now=now)
        wait(payout, until=now if proved else policy.next_look(attempt, now=now))


@transaction.atomic
def _record_failure(attempt: PayoutAttempt, failure: Failure, *, now: datetime) -> None:
    """Keep the payout returned; what can't be taken back now is a difference, and is tried again much later."""
    payout, attempt = attempts.locked_with_payout(attempt)
    if attempt.status != AttemptStatus.OPEN:
        return
    verdict = attempts.record_failure(attempt, failure, now=now)
    retry = policy.next_try(attempt, now=now)
    refused = verdict in (Verdict.REFUSED, Verdict.SHORT)
    if refused:
        retry = now + policy.LOOK_AT_RETURNED
    if refused or policy.loses_account(failure):
        differences.open_difference(
            DifferenceKind.REVERSAL_REFUSED,
            subject=payout.stripe_transfer_id,
            amount=payout.net,
            detail=f"Stripe does not take it back: {failure.message}",
            payout=payout,
            account=attempt.destination,
            now=now,
        )
    wait(payout, until=retry)
