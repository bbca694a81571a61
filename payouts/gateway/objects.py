"""The Stripe objects that payouts use: amounts in minor units, currencies in upper case, times in UTC.

Parsing an object that lacks what Stripe always sends raises KeyError, TypeError or ValueError.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypedDict
from uuid import UUID

from payouts.identity import Identity
from payouts.models import PayoutAttempt
from payouts.states import ENDED_BADLY
from stripe_io.values import moment

LONGEST_FAILURE_CODE = 64
LONGEST_TRACE_ID = 255
LONGEST_TRACE_STATUS = 16
REVERSED = "transfer_refund"
Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What an attempt of ours made; it names that attempt in its metadata.

    `identity` is how we name it, and `attempt_id` how we did before payouts had references. Without either, it isn't
    ours, or its metadata has been edited. `request_id` is Stripe's id of the request that made it (`req_…`), known
    only from the answer to that request.
    """

    identity: Identity | None = None
    attempt_id: UUID | None = None
    request_id: str = field(default="", compare=False)

    @property
    def reference(self) -> str:
        return self.identity.reference if self.identity else ""

    @property
    def attempt_key(self) -> str:
        """The idempotency key of the attempt that it names; empty if it names none in today's way."""
        return self.identity.key if self.identity else ""

    def names(self, attempt: PayoutAttempt) -> bool:
        return self.attempt_key == attempt.idempotency_key or self.attempt_id == attempt.pk


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Made):
    """A transfer from the platform's balance to a connected account, where it arrives as charge `destination_payment`.

    `amount_reversed` is how much of it has come back so far; what a pending reversal asks for has not. Unlike its
    metadata, `transfer_group` can't be edited.

    Source: https://docs.stripe.com/api/transfers/object
    """

    id: str
    amount: int
    amount_reversed: int
    currency: str
    destination: str
    destination_payment: str
    transfer_group: str
    created: datetime

    @classmethod
    def of(cls, payload: Payload) -> Transfer:
        return cls(
            **_names(payload),
            id=payload["id"],
            amount=_amount(payload["amount"]),
            amount_reversed=_arrived_back(payload),
            currency=payload["currency"].upper(),
            destination=_id(payload["destination"]),
            destination_payment=_id(payload.get("destination_payment") or ""),
            transfer_group=payload.get("transfer_group") or "",
            created=_time(payload["created"]),
        )

    @property
    def is_ours(self) -> bool:
        """Whether it is named as we name ours, now or before payouts had references; other uses aren't."""
        return self.identity is not None or (
            self.attempt_id is not None and _uuid(self.transfer_group) is not None
        )

    def is_of(self, attempt: PayoutAttempt) -> bool:
        """Return whether the attempt made it. Anybody may have written its metadata, so what it moved counts too."""
        moved = (self.amount, self.currency, self.destination)
        return self.names(attempt) and moved == (attempt.amount, attempt.currency, attempt.destination)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal(Made):
    """A reversal of a transfer, in whole or in part.

    `pending`: it waits until the connected account can pay, for up to 45 days; nothing has moved. `ended` is `failed`
    or `canceled` if it then moved nothing.

    Source: https://docs.stripe.com/api/transfer_reversals/object,
    https://docs.stripe.com/connect/pending-transfer-reversals
    """

    id: str
    amount: int
    pending: bool = False
    ended: str = ""

    @classmethod
    def of(cls, payload: Payload) -> Reversal:
        return cls(
            **_names(payload),
            id=payload["id"],
            amount=_amount(payload["amount"]),
            pending=not _came_back(payload) and not _ended_badly(payload),
            ended=payload["status"] if _ended_badly(payload) else "",
        )


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a transfer brought to the connected account, in that account's currency, and when it can be paid out."""

    amount: int
    currency: str
    available_on: datetime

    @classmethod
    def of(cls, charge: Payload) -> Arrival:
        """Parse the transfer's charge on the connected account, with its balance transaction expanded."""
        transaction = charge["balance_transaction"]
        return cls(
            amount=_amount(transaction["net"]),
            currency=transaction["currency"].upper(),
            available_on=_time(transaction["available_on"]),
        )


@dataclass(frozen=True, slots=True)
class AvailableFunds:
    """What of the platform's balance transfers can draw on, and what comes from other sources, by source type.

    Source: https://docs.stripe.com/api/balance/balance_object#balance_object-available-source_types
    """

    amount: int
    others: Mapping[str, int]

    @classmethod
    def of(cls, payload: Payload) -> AvailableFunds:
        """Parse the available balance in one currency. Transfers draw on `card`, as we name no source type."""
        by_source = {"card": 0, **(payload.get("source_types") or {"card": payload["amount"]})}
        others = {source: amount for source, amount in by_source.items() if source != "card" and amount}
        return cls(amount=_amount(by_source["card"]), others=others)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankPayout(Made):
    """A payout from the connected account `account` to its bank.

    A negative amount comes from the bank: a debit for a negative balance or, with `original_payout`, the reversal of
    that payout. `reversed_by` is the payout that reverses this one, and `came_back` says that it has been paid.
    `trace_id` is by what the bank finds the payment: `trace_status` is `pending`, for up to ten days after it is paid,
    then `supported` or `unsupported`. `external_account` is the bank account or debit card that it goes to.

    Source: https://docs.stripe.com/api/payouts/object, https://docs.stripe.com/payouts/trace-id
    """

    id: str
    account: str
    status: str
    amount: int
    currency: str
    arrival_date: date | None
    failure_code: str
    failure_message: str
    created: datetime
    original_payout: str = ""
    reversed_by: str = ""
    came_back: bool = False
    trace_id: str = ""
    trace_status: str = ""
    external_account: str = ""

    @property
    def failed(self) -> bool:
        """Whether the money is back on the connected account."""
        return self.status in ENDED_BADLY or self.came_back

    @classmethod
    def of(cls, payload: Payload, *, account: str) -> BankPayout:
        """Parse one; it came back only if `reversed_by` is expanded and paid."""
        arrives = moment(payload.get("arrival_date"))
        reversal = payload.get("reversed_by") or ""
        trace = payload.get("trace_id") or {}
        return cls(
            **_names(payload),
            id=payload["id"],
            account=account,
            status=payload["status"],
            amount=_amount(payload["amount"]),
            currency=payload["currency"].upper(),
            arrival_date=arrives.date() if arrives else None,
            failure_code=(payload.get("failure_code") or "")[:LONGEST_FAILURE_CODE],
            failure_message=payload.get("failure_message") or "",
            created=_time(payload["created"]),
            original_payout=_id(payload.get("original_payout") or ""),
            reversed_by=_id(reversal),
            came_back=isinstance(reversal, Mapping) and reversal["status"] == "paid",
            trace_id=(trace.get("value") or "")[:LONGEST_TRACE_ID],
            trace_status=(trace.get("status") or "")[:LONGEST_TRACE_STATUS],
            external_account=_id(payload.get("destination") or ""),
        )


@dataclass(frozen=True, slots=True)
class BalanceTransaction:
    """A change of the platform's balance by a transfer or (`kind` REVERSED) a reversal; the amount is signed.

    Source: https://docs.stripe.com/api/balance_transactions/object
    """

    id: str
    kind: str
    transfer_id: str
    amount: int
    currency: str
    created: datetime

    @classmethod
    def of(cls, payload: Payload) -> BalanceTransaction:
        """Parse one with its source expanded."""
        source = payload["source"]
        return cls(
            id=payload["id"],
            kind=payload["type"],
            transfer_id=_id(source["transfer"]) if payload["type"] == REVERSED else _id(source),
            amount=_amount(payload["amount"]),
            currency=payload["currency"].upper(),
            created=_time(payload["created"]),
        )

    @classmethod
    def of_source(cls, payload: Payload) -> BalanceTransaction:
        """Read the one that a transfer or a reversal of one made, expanded."""
        return cls.of({**payload["balance_transaction"], "source": payload})


class _Names(TypedDict):
    identity: Identity | None
    attempt_id: UUID | None


def _names(payload: Payload) -> _Names:
    metadata = payload.get("metadata") or {}
    return _Names(identity=Identity.of(metadata), attempt_id=_uuid(metadata.get("attempt_id")))


def _came_back(reversal: Payload) -> bool:
    """Whether a reversal has moved its money: it has a balance transaction. Its status is missing, as a rule."""
    return (reversal.get("status") or "succeeded") == "succeeded" and bool(reversal["balance_transaction"])


def _ended_badly(reversal: Payload) -> bool:
    return reversal.get("status") in ENDED_BADLY


def _arrived_back(transfer: Payload) -> int:
    """Return how much of a transfer came back, whether or not Stripe also counts reversals that moved nothing."""
    amount_reversed = _amount(transfer["amount_reversed"])
    shown = (transfer.get("reversals") or {}).get("data") or []
    if all(_came_back(reversal) for reversal in shown):
        return amount_reversed
    return min(amount_reversed, sum(_amount(each["amount"]) for each in shown if _came_back(each)))


def _id(reference: Any) -> str:
    """Return the id of a referenced object, expanded or not."""
    return str(reference if isinstance(reference, str) else reference["id"])


def _uuid(text: Any) -> UUID | None:
    with suppress(ValueError):
        return UUID(str(text or ""))
    return None


def _amount(number: Any) -> int:
    """Require an amount; a number too large for 64 bits arrives as text."""
    if type(number) is not int:
        raise TypeError(f"{number!r} is not an amount")
    return number


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
