"""Webhook events about transfers, bank payouts and balances."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from django.conf import settings

from accounts.models import CreatorPaymentAccount
from database import notices, sql
from payouts import gateway, policy
from payouts.gateway import BankPayout, Transfer
from payouts.services import sending
from payouts.services.deciding import funds, gate
from stripe_io.errors import SetAside, StripeCallFailed
from stripe_io.handlers import StripeEvent, register

T = TypeVar("T")


def register_handlers() -> None:
    register(transfer_changed, "transfer.created", "transfer.updated", "transfer.reversed")
    register(
        bank_payout_changed,
        "payout.created",
        "payout.updated",
        "payout.paid",
        "payout.failed",
        "payout.canceled",
    )
    register(balance_available, "balance.available")


def transfer_changed(event: StripeEvent) -> None:
    """Record the transfer, whose answer may be lost or still on its way, and what came back of it."""
    transfer = _read(Transfer.of, event.object)
    attempt = sending.attempt_of(transfer)
    if attempt is not None:
        sending.record_transfer(transfer, payout_id=attempt.payout_id, now=sql.now())
    elif transfer.amount_reversed:
        sending.record_reversal(transfer.id, transfer.amount_reversed, now=sql.now())
    else:
        gate.notice(transfer, now=sql.now())
        raise SetAside("this transfer names no attempt of ours")


def bank_payout_changed(event: StripeEvent) -> None:
    """Record the bank payout. If it reverses another, or is reversed, the one that is reversed is read again."""
    bank_payout = _read(partial(BankPayout.of, account=event.account), event.object)
    if bank_payout.reversed_by:
        bank_payout = _read_again(bank_payout.id, account=event.account)
    if bank_payout.original_payout:  # first, whatever becomes of the reversal itself
        original = _read_again(bank_payout.original_payout, account=event.account)
        with suppress(SetAside):  # it has changed nothing
            sending.record_bank_payout(original, now=sql.now())
    if not sending.record_bank_payout(bank_payout, now=sql.now()):
        _record_foreign(bank_payout)


def balance_available(event: StripeEvent) -> None:
    """Resume payouts that wait for funds: on the platform to be sent, on a connected account to go to the bank."""
    if event.account:
        sending.wake(event.account, now=sql.now())
    else:
        funds.probe_now(now=sql.now())
        notices.send_debounced_on_commit("payouts.sweep")


def _read(of: Callable[[Mapping[str, Any]], T], payload: Mapping[str, Any]) -> T:
    """Read the event's object; one that isn't as Stripe describes it is for reconciliation to report.

    Raises: SetAside.
    """
    try:
        return of(payload)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SetAside(f"can't be read: {type(error).__name__}: {error}") from error


def _read_again(stripe_payout_id: str, *, account: str) -> BankPayout:
    try:
        return gateway.retrieve_bank_payout(stripe_payout_id=stripe_payout_id, account=account)
    except StripeCallFailed as error:
        if policy.loses_account(error.failure):
            raise SetAside("Stripe does not let us use the account any more") from error
        raise


def _record_foreign(bank_payout: BankPayout) -> None:
    """Record a bank payout that we didn't start on a creator's account, as it is now."""
    if settings.BANK_PAYOUTS_BY_STRIPE:
        raise SetAside("Stripe pays the banks by its own schedule")
    if not CreatorPaymentAccount.objects.filter(stripe_account_id=bank_payout.account).exists():
        raise SetAside("this account belongs to no creator")
    with suppress(StripeCallFailed):  # the account may be gone; then the event is all we have
        bank_payout = gateway.retrieve_bank_payout(
            stripe_payout_id=bank_payout.id, account=bank_payout.account
        )
    sending.record_foreign_bank_payout(bank_payout, now=sql.now())
