"""What Stripe has, read from its lists page by page, for comparing it with what is written here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

import stripe

from stripe_io.client import call, client, every
from stripe_io.errors import StripeCallFailed

logger = logging.getLogger(__name__)
T = TypeVar("T")
PAGE = 100
TRANSFER, REVERSAL = "transfer", "transfer_refund"


@dataclass(frozen=True, slots=True)
class ListedTransfer:
    """A transfer; `payout_id` and `attempt_id` are ours if it bears any, amounts are minor units."""

    id: str
    amount: int
    amount_reversed: int
    currency: str
    destination: str
    payout_id: UUID | None
    attempt_id: UUID | None
    created: datetime


@dataclass(frozen=True, slots=True)
class ListedTransaction:
    """A movement of the platform's balance by a transfer, or (`kind` REVERSAL) by one that came back; signed."""

    id: str
    kind: str
    transfer_id: str
    amount: int
    currency: str
    created: datetime


@dataclass(frozen=True, slots=True)
class ListedBankPayout:
    """A payout from a connected account to its bank; `attempt_id` is ours if it bears any."""

    id: str
    account: str
    amount: int
    currency: str
    status: str
    attempt_id: UUID | None
    created: datetime


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something at Stripe that is not as we know such things to be, or that Stripe doesn't show us."""

    id: str
    account: str
    detail: str


def list_transfers(*, since: datetime) -> Iterator[ListedTransfer | Unreadable]:
    """Yield the transfers made since then, newest first.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/api/transfers/list
    """
    params: stripe.params.TransferListParams = {"created": {"gte": _seconds(since)}, "limit": PAGE}
    for said in every(lambda: client().v1.transfers.list(params)):
        yield _read(_transfer, said)


def list_transactions(kind: str, *, since: datetime) -> Iterator[ListedTransaction | Unreadable]:
    """Yield the movements of this kind on the platform's balance since then, newest first.

    Raises: StripeCallFailed.

    Source: https://docs.stripe.com/api/balance_transactions/list
    """
    params: stripe.params.BalanceTransactionListParams = {
        "type": kind,
        "created": {"gte": _seconds(since)},
        "limit": PAGE,
        "expand": ["data.source"],
    }
    for said in every(lambda: client().v1.balance_transactions.list(params)):
        yield _read(_transaction, said)


def list_bank_payouts(account: str, *, since: datetime) -> list[ListedBankPayout | Unreadable]:
    """List an account's bank payouts since then; an account that Stripe keeps from us is one unreadable thing.

    Raises: StripeCallFailed.
    """
    params: stripe.params.PayoutListParams = {"created": {"gte": _seconds(since)}, "limit": PAGE}
    try:
        listed = every(lambda: client().v1.payouts.list(params, {"stripe_account": account}))
        return [_read(_bank_payout, said, account=account) for said in listed]
    except StripeCallFailed as error:
        if error.failure.http_status not in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            raise
        return [Unreadable(account, account, str(error))]


def retrieve_transfer(
    transfer_id: str,
) -> tuple[ListedTransfer | Unreadable, list[ListedTransaction | Unreadable]] | None:
    """Ask for one transfer and its movements of the balance, all as of one moment; None if there is none.

    Raises: StripeCallFailed.
    """
    expand = ["balance_transaction", "reversals.data.balance_transaction"]
    said = _found(lambda: client().v1.transfers.retrieve(transfer_id, {"expand": expand}))
    if said is None:
        return None
    shown = said.get("reversals") or {}
    reversals = shown.get("data", [])
    if shown.get("has_more"):
        params: stripe.params.TransferReversalListParams = {
            "limit": PAGE,
            "expand": ["data.balance_transaction"],
        }
        reversals = list(every(lambda: client().v1.transfers.reversals.list(transfer_id, params)))
    moved = [each["balance_transaction"] | {"source": each} for each in [said, *reversals]]
    return _read(_transfer, said), [_read(_transaction, transaction) for transaction in moved]


def retrieve_bank_payout(payout_id: str, *, account: str) -> ListedBankPayout | Unreadable | None:
    """Ask for one bank payout; None if there is none.

    Raises: StripeCallFailed.
    """
    said = _found(lambda: client().v1.payouts.retrieve(payout_id, {}, {"stripe_account": account}))
    return None if said is None else _read(_bank_payout, said, account=account)


def _found(request: Callable[[], Any]) -> dict[str, Any] | None:
    try:
        said: dict[str, Any] = call(request).to_dict()
    except StripeCallFailed as error:
        if error.failure.http_status == HTTPStatus.NOT_FOUND:
            return None
        raise
    return said


def _read(parse: Callable[..., T], said: dict[str, Any], *, account: str = "") -> T | Unreadable:
    """Read one object; one that can't be read stops only itself."""
    try:
        return parse(said, account=account) if account else parse(said)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        logger.exception("Stripe's %s can't be read", said.get("id"))
        return Unreadable(str(said.get("id")), account, f"{type(error).__name__}: {error}")


def _transfer(said: dict[str, Any]) -> ListedTransfer:
    names = said.get("metadata") or {}
    return ListedTransfer(
        id=said["id"],
        amount=_whole(said["amount"]),
        amount_reversed=_whole(said["amount_reversed"]),
        currency=said["currency"].upper(),
        destination=_id(said["destination"]),
        payout_id=_uuid(said.get("transfer_group")) or _uuid(names.get("payout_id")),
        attempt_id=_uuid(names.get("attempt_id")),
        created=_moment(said["created"]),
    )


def _transaction(said: dict[str, Any]) -> ListedTransaction:
    source = said["source"]
    return ListedTransaction(
        id=said["id"],
        kind=said["type"],
        transfer_id=_id(source["transfer"]) if said["type"] == REVERSAL else _id(source),
        amount=_whole(said["amount"]),
        currency=said["currency"].upper(),
        created=_moment(said["created"]),
    )


def _bank_payout(said: dict[str, Any], *, account: str) -> ListedBankPayout:
    return ListedBankPayout(
        id=said["id"],
        account=account,
        amount=_whole(said["amount"]),
        currency=said["currency"].upper(),
        status=said["status"],
        attempt_id=_uuid((said.get("metadata") or {}).get("attempt_id")),
        created=_moment(said["created"]),
    )


def _id(said: Any) -> str:
    return str(said if isinstance(said, str) else said["id"])


def _uuid(text: Any) -> UUID | None:
    with suppress(ValueError):
        return UUID(str(text or ""))
    return None


def _whole(amount: Any) -> int:
    """Make sure that this is an amount: a number that Stripe's JSON can't hold came as text."""
    if type(amount) is not int:
        raise TypeError(f"{amount!r} is no amount")
    return amount


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
