"""Stripe's objects, read page by page from its lists, to compare with our records."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

import stripe

from payouts.gateway.objects import BalanceTransaction, BankPayout, Transfer
from stripe_io.client import call_patiently, client, list_all
from stripe_io.errors import StripeCallFailed

logger = logging.getLogger(__name__)
T = TypeVar("T")
PAGE = 100
# The type of a transfer's balance transaction.
TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A Stripe object that Stripe doesn't show us, or that isn't in the expected form."""

    id: str
    account: str
    detail: str


def list_transfers(*, since: datetime) -> Iterator[Transfer | Unreadable]:
    """Yield the transfers created since then, newest first.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/api/transfers/list
    """
    params: stripe.params.TransferListParams = {"created": {"gte": _seconds(since)}, "limit": PAGE}
    for payload in list_all(lambda: client().v1.transfers.list(params), request=call_patiently):
        yield _read(Transfer.of, payload)


def list_transactions(kind: str, *, since: datetime) -> Iterator[BalanceTransaction | Unreadable]:
    """Yield the platform's balance transactions of this type since then, newest first.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/api/balance_transactions/list
    """
    params: stripe.params.BalanceTransactionListParams = {
        "type": kind,
        "created": {"gte": _seconds(since)},
        "limit": PAGE,
        "expand": ["data.source"],
    }
    for payload in list_all(lambda: client().v1.balance_transactions.list(params), request=call_patiently):
        yield _read(BalanceTransaction.of, payload)


def list_bank_payouts(account: str, *, since: datetime) -> list[BankPayout | Unreadable]:
    """List an account's bank payouts since then; an account that Stripe hides from us is one unreadable object.

    Raises: StripeCallFailed.
    """
    params: stripe.params.PayoutListParams = {
        "created": {"gte": _seconds(since)},
        "limit": PAGE,
        "expand": ["data.reversed_by"],
    }
    try:
        listed = list_all(
            lambda: client().v1.payouts.list(params, {"stripe_account": account}), request=call_patiently
        )
        return [_read(BankPayout.of, payload, account=account) for payload in listed]
    except StripeCallFailed as error:
        if error.failure.http_status not in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            raise
        return [Unreadable(account, account, str(error))]


def retrieve_transfer(
    transfer_id: str,
) -> tuple[Transfer | Unreadable, list[BalanceTransaction | Unreadable]] | None:
    """Retrieve a transfer and its balance transactions, all as of one moment; None if it doesn't exist.

    Raises: StripeCallFailed.
    """
    expand = ["balance_transaction", "reversals.data.balance_transaction"]
    payload = _found(lambda: client().v1.transfers.retrieve(transfer_id, {"expand": expand}))
    if payload is None:
        return None
    included = payload.get("reversals") or {}
    reversals = included.get("data", [])
    if included.get("has_more"):
        params: stripe.params.TransferReversalListParams = {
            "limit": PAGE,
            "expand": ["data.balance_transaction"],
        }
        reversals = list(
            list_all(
                lambda: client().v1.transfers.reversals.list(transfer_id, params), request=call_patiently
            )
        )
    moved = [payload, *(reversal for reversal in reversals if reversal["balance_transaction"])]
    return _read(Transfer.of, payload), [_read(BalanceTransaction.of_source, source) for source in moved]


def retrieve_bank_payout(payout_id: str, *, account: str) -> BankPayout | Unreadable | None:
    """Retrieve a bank payout; None if it doesn't exist.

    Raises: StripeCallFailed.
    """
    params: stripe.params.PayoutRetrieveParams = {"expand": ["reversed_by"]}
    payload = _found(lambda: client().v1.payouts.retrieve(payout_id, params, {"stripe_account": account}))
    return None if payload is None else _read(BankPayout.of, payload, account=account)


def _found(request: Callable[[], Any]) -> dict[str, Any] | None:
    try:
        payload: dict[str, Any] = call_patiently(request).to_dict()
    except StripeCallFailed as error:
        if error.failure.http_status == HTTPStatus.NOT_FOUND:
            return None
        raise
    return payload


def _read(parse: Callable[..., T], payload: dict[str, Any], *, account: str = "") -> T | Unreadable:
    """Parse one object; one that can't be parsed doesn't stop the others."""
    try:
        return parse(payload, account=account) if account else parse(payload)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        logger.exception("Stripe's %s can't be read", payload.get("id"))
        return Unreadable(str(payload.get("id")), account, f"{type(error).__name__}: {error}")


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
