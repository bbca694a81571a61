"""Stripe calls that move money, or look up where it is."""

from dataclasses import replace

import stripe
from django.conf import settings

from payouts.gateway.objects import Arrival, AvailableFunds, BankPayout, Reversal, Transfer
from payouts.models import PayoutAttempt
from stripe_io.client import CLOCK_SKEW, call, client, list_all, request_id_of

# Statuses of a bank account that Stripe won't pay out to until it is corrected.
_UNUSABLE = frozenset(["errored", "verification_failed"])


def create_transfer(attempt: PayoutAttempt) -> Transfer:
    """Transfer the attempt's amount to its connected account, under its idempotency key.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/api/transfers/create
    """
    made = call(
        lambda: client().v1.transfers.create(
            {
                "amount": attempt.amount,
                "currency": attempt.currency.lower(),
                "destination": attempt.destination,
                "transfer_group": attempt.payout.transfer_group,
                "metadata": attempt.metadata,
            },
            {"idempotency_key": attempt.idempotency_key},
        )
    )
    return replace(Transfer.of(made.to_dict()), request_id=request_id_of(made))


def find_transfers(transfer_group: str) -> list[Transfer]:
    """List the transfers of a group: those of all payouts for one creator, currency and cut-off.

    Raises: StripeCallFailed.
    """
    params: stripe.params.TransferListParams = {"transfer_group": transfer_group, "limit": 100}
    return [Transfer.of(payload) for payload in list_all(lambda: client().v1.transfers.list(params))]


def retrieve_transfer(transfer_id: str) -> Transfer:
    """Retrieve a transfer.

    Raises: StripeCallFailed.
    """
    return Transfer.of(call(lambda: client().v1.transfers.retrieve(transfer_id)).to_dict())


def create_reversal(attempt: PayoutAttempt) -> Reversal:
    """Reverse the attempt's amount of its payout's transfer, under its idempotency key.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/api/transfer_reversals/create
    """
    made = call(
        lambda: client().v1.transfers.reversals.create(
            attempt.payout.stripe_transfer_id,
            {"amount": attempt.amount, "metadata": attempt.metadata},
            {"idempotency_key": attempt.idempotency_key},
        )
    )
    return replace(Reversal.of(made.to_dict()), request_id=request_id_of(made))


def find_reversals(transfer_id: str) -> list[Reversal]:
    """List the reversals of a transfer.

    Raises: StripeCallFailed.
    """
    listed = list_all(lambda: client().v1.transfers.reversals.list(transfer_id, {"limit": 100}))
    return [Reversal.of(payload) for payload in listed]


def takes_bank_payouts(account: str, *, currency: str) -> bool:
    """Return whether Stripe would pay out to a bank account of the connected account in this currency now.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/api/account_bank_accounts/object#account_bank_account_object-status
    """
    payload = call(lambda: client().v1.accounts.retrieve(account)).to_dict()
    bank_accounts = (payload.get("external_accounts") or {}).get("data") or []
    usable = [
        bank_account
        for bank_account in bank_accounts
        if str(bank_account.get("currency") or "").upper() == currency
        and bank_account.get("status") not in _UNUSABLE
    ]
    return bool(payload.get("payouts_enabled") and usable)


def retrieve_arrival(*, destination_payment: str, account: str) -> Arrival | None:
    """Retrieve what a transfer brought to the connected account.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/connect/separate-charges-and-transfers
    """
    payment = call(
        lambda: client().v1.charges.retrieve(
            destination_payment, {"expand": ["balance_transaction"]}, {"stripe_account": account}
        )
    ).to_dict()
    return Arrival.of(payment) if payment.get("balance_transaction") else None


def create_bank_payout(attempt: PayoutAttempt) -> BankPayout:
    """Pay out the attempt's amount from the connected account to its bank, under its idempotency key.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/connect/manual-payouts
    """
    params: stripe.params.PayoutCreateParams = {
        "amount": attempt.amount,
        "currency": attempt.currency.lower(),
        "metadata": attempt.metadata,
    }
    if settings.BANK_STATEMENT_DESCRIPTOR:
        params["statement_descriptor"] = settings.BANK_STATEMENT_DESCRIPTOR
    made = call(
        lambda: client().v1.payouts.create(
            params,
            {"idempotency_key": attempt.idempotency_key, "stripe_account": attempt.destination},
        )
    )
    bank_payout = BankPayout.of(made.to_dict(), account=attempt.destination)
    return replace(bank_payout, request_id=request_id_of(made))


def retrieve_bank_payout(*, stripe_payout_id: str, account: str) -> BankPayout:
    """Retrieve a bank payout, and whether its reversal has been paid.

    Raises: StripeCallFailed.
    """
    payload = call(
        lambda: client().v1.payouts.retrieve(
            stripe_payout_id, {"expand": ["reversed_by"]}, {"stripe_account": account}
        )
    )
    return BankPayout.of(payload.to_dict(), account=account)


def find_bank_payouts(attempt: PayoutAttempt) -> list[BankPayout]:
    """Find the attempt's bank payout on its connected account: a list of one, or empty.

    Only bank payouts created since the attempt's first send are searched.

    Raises: StripeCallFailed.
    """
    since = int((attempt.first_sent_at - CLOCK_SKEW).timestamp()) if attempt.first_sent_at else 0
    params: stripe.params.PayoutListParams = {"created": {"gte": since}, "limit": 100}
    for payload in list_all(
        lambda: client().v1.payouts.list(params, {"stripe_account": attempt.destination})
    ):
        bank_payout = BankPayout.of(payload, account=attempt.destination)
        if bank_payout.names(attempt):
            return [bank_payout]
    return []


def available_balance() -> dict[str, AvailableFunds]:
    """Retrieve the platform's available balance, in minor units, by currency.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/api/balance/balance_object#balance_object-available
    """
    balance = call(client().v1.balance.retrieve).to_dict()
    return {funds["currency"].upper(): AvailableFunds.of(funds) for funds in balance["available"]}
