"""Convert the marketplace's invoices to billing records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from earnings.models import RecordKind
from money import currencies

DISPUTED = "disputed"
PARTIALLY_REFUNDED = "partially_refunded"
# Part of the money may be gone; the invoice doesn't say how much.
IN_QUESTION = (DISPUTED, PARTIALLY_REFUNDED)
# The marketplace has the customer's money, or some of it.
PAID = ("paid", *IN_QUESTION)
REFUNDED = "refunded"
# The marketplace has none of the money.
TAKEN_BACK = (REFUNDED, "void", "failed", "uncollectible")
# More than a record can hold in any currency, so there is no need to convert it.
_TOO_LARGE = 10**15


class Invoice(NamedTuple):
    """A row of the invoices table: ids and times as text, the amount in major units."""

    id: str
    subscription_id: str | None
    customer_id: str | None
    api_id: str | None
    amount: Decimal | None
    currency: str | None
    status: str
    paid_at: str | None
    updated_at: str | None
    changed_at: str | None  # no earlier than paid_at
    api_calls: str


@dataclass(frozen=True, slots=True)
class CountedRecord:
    """An accepted record; for a charge, `left` is the part that was not taken back."""

    kind: str
    amount: int
    currency: str
    left: int
    occurred_at: str
    api_calls: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class KnownInvoice:
    """The accepted records of an invoice: its charge, and then refunds and refund reversals in `turns`.

    Quarantined records don't count yet. From them we keep only the usage and the time of the refund.
    """

    charge: CountedRecord | None = None
    turns: Sequence[CountedRecord] = ()
    api_calls: str = ""
    refunded_at: str = ""


def charge_id(invoice_id: str) -> str:
    return f"invoice:{invoice_id}"


def turn_id(invoice_id: str, number: int) -> str:
    """Return the id of a charge's refund (turns 1, 3, …) or refund reversal (turns 2, 4, …)."""
    again, reverses = divmod(number - 1, 2)
    kind = RecordKind.REFUND_REVERSAL if reverses else RecordKind.REFUND
    return f"{charge_id(invoice_id)}:{kind}" + (f":{again + 1}" if again else "")


def records(invoice: Invoice, known: KnownInvoice, *, as_of: datetime) -> Iterator[dict[str, str]]:
    """Yield the records of an invoice that may be new, in the form that `records.stage` reads.

    `as_of` is when the tables were read: records that arrived since then are newer, and win.
    """
    charge = known.charge
    if charge is None:
        if invoice.status in {*PAID, REFUNDED} and invoice.amount != 0:
            yield _charge(invoice, api_calls=known.api_calls)
            if invoice.status == REFUNDED:
                refunded = amount_as_text(invoice.amount, invoice.currency or "")
                yield _turn(
                    invoice,
                    1,
                    refunded,
                    invoice.currency or "",
                    known.refunded_at or invoice.changed_at or "",
                )
        return
    is_paid, is_refunded = invoice.status in PAID, len(known.turns) % 2 == 1
    if is_paid and invoice.amount != 0:
        yield _charge(invoice, api_calls=charge.api_calls)
    last = known.turns[-1] if known.turns else charge
    if is_paid != is_refunded or last.received_at >= as_of:
        return
    # Records handed in separately count too: never reverse more than was refunded, or refund more than is left.
    amount = min(last.amount, charge.amount - charge.left) if is_paid else charge.left
    if amount:
        # PostgreSQL formats these times in UTC, so they sort as text.
        changed_at = invoice.changed_at and max(invoice.changed_at, last.occurred_at)
        occurred_at = changed_at if known.turns else known.refunded_at or changed_at
        yield _turn(invoice, len(known.turns) + 1, str(amount), charge.currency, occurred_at or "")


def _charge(invoice: Invoice, *, api_calls: str) -> dict[str, str]:
    return {
        "record_id": charge_id(invoice.id),
        "kind": RecordKind.CHARGE.value,
        "api_id": invoice.api_id or "",
        "subscription_id": invoice.subscription_id or "",
        "customer_id": invoice.customer_id or "",
        "amount": amount_as_text(invoice.amount, invoice.currency or ""),
        "currency": invoice.currency or "",
        "occurred_at": invoice.paid_at or "",
        "api_calls": api_calls or invoice.api_calls,
    }


def _turn(invoice: Invoice, number: int, amount: str, currency: str, occurred_at: str) -> dict[str, str]:
    kind = RecordKind.REFUND if number % 2 else RecordKind.REFUND_REVERSAL
    return {
        "record_id": turn_id(invoice.id, number),
        "kind": kind.value,
        "subscription_id": invoice.subscription_id or "",
        "customer_id": invoice.customer_id or "",
        "amount": amount,
        "currency": currency,
        "occurred_at": occurred_at,
        "related_record_id": charge_id(invoice.id),
    }


def amount_as_text(amount: Decimal | None, currency: str) -> str:
    """Format an amount in minor units for a record; if it is not a whole number of them, leave it as it is."""
    if amount is None:
        return ""
    minor = minor_units(amount, currency)
    return f"{amount:f}" if minor is None else str(minor)


def minor_units(amount: Decimal, currency: str) -> int | None:
    """Convert an amount from major units exactly; None if it is too large, or not a whole number of minor units."""
    if not amount.is_finite() or abs(amount) >= _TOO_LARGE:
        return None
    # With integers: Decimal rounds to its context's precision, and PostgreSQL's numeric can have more digits.
    numerator, denominator = amount.as_integer_ratio()
    minor, rest = divmod(numerator * 10 ** currencies.exponent(currency), denominator)
    return None if rest else minor
