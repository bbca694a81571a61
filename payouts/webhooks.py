"""What Stripe tells us of transfers, bank payouts and balances."""

from contextlib import suppress

from django.conf import settings

from accounts.models import CreatorPaymentAccount
from database import notices, sql
from payouts import gateway
from payouts.gateway import BankPayout, SentTransfer
from payouts.models import PayoutAttempt
from payouts.services import attempts, bank_payouts, funds, reversals, transfers, unexpected
from payouts.states import AttemptKind
from stripe_io.errors import SetAside, StripeCallFailed
from stripe_io.handlers import StripeEvent, register


def register_handlers() -> None:
    register(transfer_told, "transfer.created", "transfer.updated", "transfer.reversed")
    register(
        bank_payout_told,
        "payout.created",
        "payout.updated",
        "payout.paid",
        "payout.failed",
        "payout.canceled",
    )
    register(balance_available, "balance.available")


def transfer_told(event: StripeEvent) -> None:
    """Settle an attempt whose answer was lost, or is still on its way, and record what came back of the transfer."""
    sent = SentTransfer.of(event.object)
    attempt = attempts.named(sent.attempt_id, kind=AttemptKind.TRANSFER)
    if attempt is not None:
        transfers.record_transfer(attempt, sent, now=sql.now())
    elif sent.amount_reversed:
        reversals.record_reversal(transfer_id=sent.id, amount_reversed=sent.amount_reversed, now=sql.now())
    else:
        raise SetAside("this transfer bears no attempt of ours")


def bank_payout_told(event: StripeEvent) -> None:
    """Match by Stripe's id, else by the attempt in our metadata; never by amount."""
    said = BankPayout.of(event.object)
    attempt = _bank_payout_attempt(event)
    if attempt is None:
        _take_note_of_foreign(said, event)
        return
    now = sql.now()
    if not attempt.stripe_id:
        bank_payouts.record_bank_payout(attempt, said, now=now)
    if not bank_payouts.apply_bank_payout(said, now=now) and said.status in bank_payouts.ENDED:
        raise SetAside("changes nothing: the payout has moved on")


def balance_available(event: StripeEvent) -> None:
    """Have payouts go on that wait for funds: the platform's to be sent, a connected account's to go to the bank."""
    if event.account:
        bank_payouts.wake(event.account, now=sql.now())
    else:
        funds.expect(now=sql.now())
        notices.send_debounced_on_commit("payouts.sweep")


def _bank_payout_attempt(event: StripeEvent) -> PayoutAttempt | None:
    known = PayoutAttempt.objects.filter(kind=AttemptKind.BANK_PAYOUT, stripe_id=event.object["id"]).first()
    metadata = event.object.get("metadata") or {}
    return known or attempts.named(str(metadata.get("attempt_id") or ""), kind=AttemptKind.BANK_PAYOUT)


def _take_note_of_foreign(said: BankPayout, event: StripeEvent) -> None:
    if settings.BANK_PAYOUTS_BY_STRIPE:
        raise SetAside("Stripe pays the banks by its own schedule")
    if not CreatorPaymentAccount.objects.filter(stripe_account_id=event.account).exists():
        raise SetAside("no creator here has this account")
    with suppress(StripeCallFailed):  # the account may be gone; then what was told is all there is
        said = gateway.retrieve_bank_payout(stripe_payout_id=said.id, account=event.account)
    unexpected.record_bank_payout(said, account=event.account, payout=None, now=sql.now())
