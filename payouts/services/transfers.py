"""Leg one: the transfer from the platform's balance to the creator's connected account."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts import selectors as accounts
from ledger import services as ledger
from ledger.models import AccountKind
from ledger.services import Line
from payouts import gateway, policy
from payouts.gateway import SentTransfer
from payouts.models import Payout, PayoutAttempt
from payouts.policy import Verdict
from payouts.services import attempts, funds, pauses, reversals, unexpected
from payouts.services.attempts import Turn
from payouts.services.moves import give_back, keep, locked, move, wait
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure, StripeCallFailed

UNDER_WAY = (PayoutStatus.PROCESSING, PayoutStatus.UNRESOLVED)


def send_transfer(payout_id: UUID, *, now: datetime) -> None:
    """Send a payout that is due, or settle one whose outcome is unknown; one that isn't due is left alone.

    Commit the attempt, call Stripe outside any transaction, record the answer: a worker that dies in between
    leaves an attempt that the sweep takes up again under the same key.
    """
    if _forgotten_transfer(payout_id, now=now):
        return
    turn = _begin(payout_id, now=now)
    if turn is None:
        return
    if not turn.sends:
        _look_up(turn.attempt, now=now)
        return
    try:
        record_transfer(turn.attempt, gateway.create_transfer(turn.attempt), now=now)
    except StripeCallFailed as error:
        _record_failure(turn.attempt, error.failure, now=now)


def record_transfer(attempt: PayoutAttempt, sent: SentTransfer, *, now: datetime) -> None:
    """Record that the attempt's transfer exists, and what came back of it; doing so again changes nothing.

    Raises: NotYet while a bank payout of money that came back may be under way.
    """
    _record_sent(attempt, sent, now=now)
    if sent.amount_reversed:
        reversals.record_reversal(transfer_id=sent.id, amount_reversed=sent.amount_reversed, now=now)


@transaction.atomic
def _record_sent(attempt: PayoutAttempt, sent: SentTransfer, *, now: datetime) -> None:
    payout, attempt = attempts.locked_with_payout(attempt)
    if attempt.stripe_id == sent.id:
        return
    wanted = attempt.status == AttemptStatus.OPEN or payout.status == PayoutStatus.PENDING
    if not attempt.stripe_id:
        attempts.succeed(attempt, stripe_id=sent.id, now=now)
    if not wanted:
        unexpected.record_transfer(payout, sent, now=now)
        return
    if payout.status == PayoutStatus.PENDING:
        move(payout, PayoutStatus.PROCESSING, now=now, reason="had been sent after all")
    move(
        payout,
        PayoutStatus.IN_TRANSIT,
        now=now,
        reason=f"transfer {sent.id}",
        stripe_transfer_id=sent.id,
        destination_payment=sent.destination_payment,
        failure_code="",
        failure_message="",
        next_retry_at=now,
        taken_at=now,  # whoever sent it takes it to the bank
    )
    ledger.post(
        source_key=f"payout:{payout.pk}:sent",
        kind="payout_sent",
        lines=[
            Line(AccountKind.PAYOUTS_RESERVED, -payout.net, creator_id=payout.creator_id),
            Line(AccountKind.STRIPE_BALANCE, payout.net),
        ],
    )
    if settings.BANK_PAYOUTS_BY_STRIPE:
        move(
            payout,
            PayoutStatus.PAID,
            now=now,
            reason="Stripe pays the bank by its own schedule",
            next_retry_at=None,
        )


@transaction.atomic
def _begin(payout_id: UUID, *, now: datetime) -> Turn | None:
    """Take the payout for one call: by a new attempt, or the open one; None if there is nothing to do now."""
    payout = locked(payout_id)
    if payout.next_retry_at is None or payout.next_retry_at > now or pauses.stops(payout):
        return None
    attempt = attempts.open_of(payout)
    if payout.status in UNDER_WAY and attempt is not None:
        keep(payout, now=now)
        account = accounts.live_account(payout.creator_id)
        # Once the creator has another account, it is only found out what became of the money for the old one.
        still_theirs = account is not None and account.stripe_account_id == attempt.destination
        sends = still_theirs and payout.status == PayoutStatus.PROCESSING
        return attempts.take_turn(attempt, now=now) if sends else Turn(attempt, sends=False)
    return _start(payout, now=now) if payout.status == PayoutStatus.PENDING else None


def _start(payout: Payout, *, now: datetime) -> Turn | None:
    """Open an attempt to send a payout that waits, unless its creator is held or can't be paid."""
    if accounts.open_holds(payout.creator_id).exists():
        move(payout, PayoutStatus.ON_HOLD, now=now, reason="the creator is on hold", next_retry_at=None)
        return None
    # Of another of their payouts, in another currency perhaps, nobody can tell what became.
    if Payout.objects.filter(creator=payout.creator_id, status=PayoutStatus.UNRESOLVED).exists():
        wait(payout, until=now + policy.WAIT_FOR_PERSON)
        return None
    account = accounts.live_account(payout.creator_id)
    if account is None or not account.payable or account.stripe_account_id is None:
        Payout.objects.filter(pk=payout.pk).update(
            next_retry_at=now + policy.WAIT_FOR_ACCOUNT,
            taken_at=None,
            failure_code="account_not_payable",
            failure_message="The Stripe account can't be paid at present.",
        )
        return None
    lease = now + policy.LEASE
    move(payout, PayoutStatus.PROCESSING, now=now, reason="sending", next_retry_at=lease, taken_at=now)
    attempt = attempts.open_attempt(
        payout,
        kind=AttemptKind.TRANSFER,
        destination=account.stripe_account_id,
        amount=payout.net_amount,
        currency=payout.currency,
    )
    return attempts.send(attempt, now=now)


def _forgotten_transfer(payout_id: UUID, *, now: datetime) -> bool:
    """Before a new key, make sure that no earlier one moved the money after all; if one did, that was it."""
    waiting = Payout.objects.filter(pk=payout_id, status=PayoutStatus.PENDING, next_retry_at__lte=now)
    if not waiting.filter(attempts__kind=AttemptKind.TRANSFER).exists():
        return False
    try:
        found = gateway.find_transfers(payout_id)
    except StripeCallFailed:
        waiting.update(next_retry_at=now + policy.LEASE, taken_at=None)
        return True
    for sent in found:
        record_found(sent, payout_id=payout_id, now=now)
    return bool(found)


def record_found(sent: SentTransfer, *, payout_id: UUID, now: datetime) -> None:
    """Record a transfer that Stripe has in this payout's group, whatever became of the attempt that made it."""
    attempt = attempts.named(sent.attempt_id, kind=AttemptKind.TRANSFER)
    if attempt is not None and attempt.payout_id == payout_id:
        record_transfer(attempt, sent, now=now)
        return
    with transaction.atomic():
        unexpected.record_transfer(locked(payout_id), sent, now=now)


def _look_up(attempt: PayoutAttempt, *, now: datetime) -> None:
    """Look for the attempt's transfer at Stripe; a look that fails says nothing of any send."""
    try:
        found = gateway.find_transfers(attempt.payout_id)
    except StripeCallFailed:
        _look_again(attempt, now=now)
        return
    for sent in found:
        record_found(sent, payout_id=attempt.payout_id, now=now)
    if any(sent.attempt_id == str(attempt.pk) for sent in found):
        return
    with transaction.atomic():
        payout, attempt = attempts.locked_with_payout(attempt)
        if attempt.status == AttemptStatus.OPEN and attempts.end_absent(attempt, now=now):
            move(payout, PayoutStatus.PENDING, now=now, reason="never arrived at Stripe", next_retry_at=now)
            return
    _look_again(attempt, now=now)


@transaction.atomic
def _look_again(attempt: PayoutAttempt, *, now: datetime) -> None:
    payout, attempt = attempts.locked_with_payout(attempt)
    if attempt.status != AttemptStatus.OPEN:
        return
    wait(payout, until=policy.next_look(attempt, now=now))
    if payout.status == PayoutStatus.PROCESSING:
        move(payout, PayoutStatus.UNRESOLVED, now=now, reason="Stripe's answer stays unknown")


@transaction.atomic
def _record_failure(attempt: PayoutAttempt, failure: Failure, *, now: datetime) -> None:
    payout, attempt = attempts.locked_with_payout(attempt)
    if attempt.status != AttemptStatus.OPEN:
        return
    verdict = attempts.record_failure(attempt, failure, now=now)
    told = {"failure_code": failure.code[:64], "failure_message": failure.message}
    if verdict == Verdict.REFUSED:
        move(payout, PayoutStatus.FAILED, now=now, reason="refused by Stripe", next_retry_at=None, **told)
        give_back(payout, held_in=AccountKind.PAYOUTS_RESERVED)
    elif verdict == Verdict.SHORT:
        move(
            payout,
            PayoutStatus.PENDING,
            now=now,
            reason="the platform's balance at Stripe is too low",
            next_retry_at=now,
            **told,
        )
        funds.note_refusal(payout, now=now)
    else:
        wait(payout, until=policy.next_try(attempt, now=now))
        exhausted = attempt.sends >= policy.UNRESOLVED_AFTER_SENDS
        unsendable = exhausted or not policy.may_send_again(attempt, now=now)
        if attempt.in_doubt and unsendable and payout.status == PayoutStatus.PROCESSING:
            move(payout, PayoutStatus.UNRESOLVED, now=now, reason="Stripe's answer stays unknown")
