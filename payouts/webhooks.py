"""What Stripe tells us of transfers, bank payouts and balances."""

from contextlib import suppress

from django.conf import settings

from accounts.models import CreatorPaymentAccount
from database import notices, sql
from payouts import gateway
from payouts.gateway import BankPayout, Transfer
from payouts.services import sending
from payouts.services.deciding import funds
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
    transfer = Transfer.of(event.object)
    attempt = sending.attempt_of(transfer)
    if attempt is not None:
        sending.record_transfer(transfer, payout_id=attempt.payout_id, now=sql.now())
    elif transfer.amount_reversed:
        sending.record_reversal(transfer.id, transfer.amount_reversed, now=sql.now())
    else:
        raise SetAside("this transfer bears no attempt of ours")


def bank_payout_told(event: StripeEvent) -> None:
    bank_payout = BankPayout.of(event.object, account=event.account)
    if not sending.record_bank_payout(bank_payout, now=sql.now()):
        _record_foreign(bank_payout)


def balance_available(event: StripeEvent) -> None:
    """Have payouts go on that wait for funds: the platform's to be sent, a connected account's to go to the bank."""
    if event.account:
        sending.wake(event.account, now=sql.now())
    else:
        funds.expect(now=sql.now())
        notices.send_debounced_on_commit("payouts.sweep")


def _record_foreign(bank_payout: BankPayout) -> None:
    """Record a bank payout that left a creator's account without us, as it is now."""
    if settings.BANK_PAYOUTS_BY_STRIPE:
        raise SetAside("Stripe pays the banks by its own schedule")
    if not CreatorPaymentAccount.objects.filter(stripe_account_id=bank_payout.account).exists():
        raise SetAside("no creator here has this account")
    with suppress(StripeCallFailed):  # the account may be gone; then the event is all there is
        bank_payout = gateway.retrieve_bank_payout(
            stripe_payout_id=bank_payout.id, account=bank_payout.account
        )
    sending.record_foreign_bank_payout(bank_payout, now=sql.now())
