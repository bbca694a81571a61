"""Payouts whose money lies on the connected account: sent to the bank again, or taken back."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts import selectors as accounts
from payouts import gateway, policy
from payouts.models import Payout
from payouts.services import attempts, bank_payouts, reversals
from payouts.services.moves import locked, move, wait
from payouts.states import AttemptKind, PayoutStatus
from stripe_io.errors import StripeCallFailed

# What would be refused again however often it is sent.
NOT_SENT_AGAIN = frozenset(["account_gone", "amount_too_large", "amount_too_small"])


def attend(payout_id: UUID, *, now: datetime) -> None:
    """Do what a returned payout needs, if it is due: take it back, send it to the bank again, or look later.

    It is sent again as soon as Stripe has a bank account that takes it, unless the creator is held. It is taken
    back when that hasn't come about for long, when the creator has another Stripe account by now, and when no
    bank account could take it.
    """
    payout = Payout.objects.get(pk=payout_id)
    if payout.status != PayoutStatus.RETURNED or payout.next_retry_at is None or payout.next_retry_at > now:
        return
    if attempts.open_of(payout) is not None:
        reversals.send_reversal(payout_id, now=now)
    elif _is_to_be_taken_back(payout, now=now):
        _request_reversal(payout_id, now=now)
        reversals.send_reversal(payout_id, now=now)
    elif _takes_bank_payouts(payout):
        _set_off(payout_id, now=now)
        bank_payouts.send_bank_payout(payout_id, now=now)
    else:
        wait(payout, until=now + policy.LOOK_AT_RETURNED)


def _is_to_be_taken_back(payout: Payout, *, now: datetime) -> bool:
    tried = attempts.last_of_kind(payout, AttemptKind.REVERSAL)
    if tried is not None and tried.ended_at and now - tried.ended_at < policy.REVERSE_AGAIN_AFTER:
        return False
    since = payout.events.filter(to_status=PayoutStatus.RETURNED).earliest("pk").at
    account = accounts.live_account(payout.creator_id)
    return (
        now - since >= policy.REVERSE_RETURNED_AFTER
        or payout.failure_code in NOT_SENT_AGAIN
        or account is None
        or account.stripe_account_id != attempts.destination_of(payout)
    )


def _takes_bank_payouts(payout: Payout) -> bool:
    by_stripe = settings.BANK_PAYOUTS_BY_STRIPE
    if by_stripe or payout.amount_reversed or accounts.open_holds(payout.creator_id).exists():
        return False
    try:
        return gateway.takes_bank_payouts(
            attempts.destination_of(payout), currency=payout.bank_currency or payout.currency
        )
    except StripeCallFailed:
        return False


@transaction.atomic
def _request_reversal(payout_id: UUID, *, now: datetime) -> None:
    payout = locked(payout_id)
    if payout.status == PayoutStatus.RETURNED and attempts.open_of(payout) is None:
        reversals.request_reversal(payout, now=now)


@transaction.atomic
def _set_off(payout_id: UUID, *, now: datetime) -> None:
    payout = locked(payout_id)
    if payout.status != PayoutStatus.RETURNED or attempts.open_of(payout) is not None:
        return
    move(
        payout,
        PayoutStatus.IN_TRANSIT,
        now=now,
        reason="the bank account takes payouts",
        stripe_payout_id="",
        arrival_date=None,
        failure_code="",
        failure_message="",
        next_retry_at=now,
    )
