"""Every Stripe call that sends money, or asks where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import stripe

from payouts.models import PayoutAttempt
from stripe_io.client import CLOCKS_APART, call, client, every
from stripe_io.values import moment

# Of a bank account: Stripe sends nothing there until it is corrected.
_UNUSABLE = frozenset(["errored", "verification_failed"])
LONGEST_FAILURE_CODE = 64


@dataclass(frozen=True, slots=True)
class SentTransfer:
    """A transfer at Stripe; `destination_payment` is its other half on the connected account.

    `attempt_id` is ours, empty where it bears none; `amount_reversed` is what has come back of it so far.
    """

    id: str
    attempt_id: str
    amount: int
    destination_payment: str
    amount_reversed: int

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> SentTransfer:
        payment = said.get("destination_payment") or ""
        return cls(
            id=said["id"],
            attempt_id=str((said.get("metadata") or {}).get("attempt_id") or ""),
            amount=said.get("amount") or 0,
            destination_payment=payment if isinstance(payment, str) else payment["id"],
            amount_reversed=said.get("amount_reversed") or 0,
        )


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a transfer brought to the connected account, in that account's currency, and from when it can leave."""

    amount: int
    currency: str
    available_on: datetime


@dataclass(frozen=True, slots=True)
class BankPayout:
    """A payout from a connected account to its bank, as Stripe describes it."""

    id: str
    status: str
    amount: int
    currency: str
    arrival_date: date | None
    failure_code: str
    failure_message: str

    @classmethod
    def of(cls, said: Any) -> BankPayout:
        arrives = moment(said.get("arrival_date"))
        return cls(
            id=said["id"],
            status=said.get("status") or "",
            amount=said.get("amount") or 0,
            currency=str(said.get("currency") or "").upper(),
            arrival_date=arrives.date() if arrives else None,
            failure_code=(said.get("failure_code") or "")[:LONGEST_FAILURE_CODE],
            failure_message=said.get("failure_message") or "",
        )


def create_transfer(attempt: PayoutAttempt) -> SentTransfer:
    """Send leg one under the attempt's key.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/api/transfers/create
    """
    made = call(
        lambda: client().v1.transfers.create(
            {
                "amount": attempt.amount,
                "currency": attempt.currency.lower(),
                "destination": attempt.destination,
                "transfer_group": str(attempt.payout_id),
                "metadata": _names(attempt),
            },
            {"idempotency_key": attempt.idempotency_key},
        )
    )
    return SentTransfer.of(made.to_dict())


def find_transfers(payout_id: UUID) -> list[SentTransfer]:
    """List what Stripe has of this payout's leg one.

    Raises: StripeCallFailed.
    """
    params: stripe.params.TransferListParams = {"transfer_group": str(payout_id), "limit": 100}
    return [SentTransfer.of(said) for said in every(lambda: client().v1.transfers.list(params))]


def retrieve_transfer(transfer_id: str) -> SentTransfer:
    """Ask what became of a transfer.

    Raises: StripeCallFailed.
    """
    return SentTransfer.of(call(lambda: client().v1.transfers.retrieve(transfer_id)).to_dict())


def create_reversal(attempt: PayoutAttempt, *, transfer_id: str) -> str:
    """Take back what the attempt says of a transfer, under the attempt's key; return the reversal's id.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/api/transfer_reversals/create
    """
    made = call(
        lambda: client().v1.transfers.reversals.create(
            transfer_id,
            {"amount": attempt.amount, "metadata": _names(attempt)},
            {"idempotency_key": attempt.idempotency_key},
        )
    )
    return made.id


def find_reversal(attempt: PayoutAttempt, *, transfer_id: str) -> str | None:
    """Look for an attempt's reversal among those of the transfer.

    Raises: StripeCallFailed.
    """
    for said in every(lambda: client().v1.transfers.reversals.list(transfer_id, {"limit": 100})):
        if (said.get("metadata") or {}).get("attempt_id") == str(attempt.pk):
            return str(said["id"])
    return None


def takes_bank_payouts(account: str, *, currency: str) -> bool:
    """Tell whether the connected account has a bank account in this currency that Stripe would pay out to now.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/api/account_bank_accounts/object#account_bank_account_object-status
    """
    said = call(lambda: client().v1.accounts.retrieve(account)).to_dict()
    listed = (said.get("external_accounts") or {}).get("data") or []
    usable = [
        each
        for each in listed
        if str(each.get("currency") or "").upper() == currency and each.get("status") not in _UNUSABLE
    ]
    return bool(said.get("payouts_enabled") and usable)


def retrieve_arrival(*, destination_payment: str, account: str) -> Arrival:
    """Ask what a transfer brought to the connected account.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/connect/separate-charges-and-transfers
    """
    payment = call(
        lambda: client().v1.charges.retrieve(
            destination_payment, {"expand": ["balance_transaction"]}, {"stripe_account": account}
        )
    ).to_dict()
    moved = payment["balance_transaction"]
    return Arrival(
        amount=moved["net"],
        currency=moved["currency"].upper(),
        available_on=datetime.fromtimestamp(moved["available_on"], tz=UTC),
    )


def create_bank_payout(attempt: PayoutAttempt) -> BankPayout:
    """Send leg two, from the connected account to its bank, under the attempt's key.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/connect/manual-payouts
    """
    made = call(
        lambda: client().v1.payouts.create(
            {"amount": attempt.amount, "currency": attempt.currency.lower(), "metadata": _names(attempt)},
            {"idempotency_key": attempt.idempotency_key, "stripe_account": attempt.destination},
        )
    )
    return BankPayout.of(made.to_dict())


def retrieve_bank_payout(*, stripe_payout_id: str, account: str) -> BankPayout:
    """Ask where a bank payout is now.

    Raises: StripeCallFailed.
    """
    said = call(lambda: client().v1.payouts.retrieve(stripe_payout_id, {}, {"stripe_account": account}))
    return BankPayout.of(said.to_dict())


def find_bank_payout(attempt: PayoutAttempt) -> BankPayout | None:
    """Look for an attempt's leg two among the connected account's payouts since its first send.

    Raises: StripeCallFailed.
    """
    since = int((attempt.first_sent_at - CLOCKS_APART).timestamp()) if attempt.first_sent_at else 0
    params: stripe.params.PayoutListParams = {"created": {"gte": since}, "limit": 100}
    for said in every(lambda: client().v1.payouts.list(params, {"stripe_account": attempt.destination})):
        if (said.get("metadata") or {}).get("attempt_id") == str(attempt.pk):
            return BankPayout.of(said)
    return None


def available_balance() -> dict[str, int]:
    """Ask what the platform can send now: minor units by currency.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/api/balance/balance_object#balance_object-available
    """
    said = call(client().v1.balance.retrieve).to_dict()
    return {each["currency"].upper(): each["amount"] for each in said["available"]}


def _names(attempt: PayoutAttempt) -> dict[str, str]:
    return {"payout_id": str(attempt.payout_id), "attempt_id": str(attempt.pk)}
