"""The marketplace's invoices: what one of them means in billing records."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from earnings.models import RecordKind
from money import currencies

REFUNDED = "refunded"
# More than a record can hold, whatever the currency, so there is no need to convert it.
_TOO_LARGE = 10**15


class Invoice(NamedTuple):
    """A paid or refunded invoice as it stands in its table; ids and times as text, the amount in major units."""

    id: str
    subscription_id: str | None
    customer_id: str | None
    api_id: str | None
    amount: Decimal | None
    currency: str | None
    status: str
    paid_at: str | None
    updated_at: str | None
    refunded_at: str | None
    api_calls: str

    def records(self) -> Iterator[dict[str, str]]:
        """Yield its charge and, once it is refunded, the refund of all of it; both as `records.stage` reads them."""
        charge_id = f"invoice:{self.id}"
        shared = {
            "subscription_id": self.subscription_id or "",
            "customer_id": self.customer_id or "",
            "amount": amount_as_text(self.amount, self.currency or ""),
            "currency": self.currency or "",
        }
        yield shared | {
            "record_id": charge_id,
            "kind": RecordKind.CHARGE.value,
            "api_id": self.api_id or "",
            "occurred_at": self.paid_at or "",
            "api_calls": self.api_calls,
        }
        if self.status == REFUNDED:
            yield shared | {
                "record_id": f"{charge_id}:refund",
                "kind": RecordKind.REFUND.value,
                "occurred_at": self.refunded_at or "",
                "related_record_id": charge_id,
            }


def amount_as_text(amount: Decimal | None, currency: str) -> str:
    """Write an amount as a record has it; one that is no whole number of minor units stays as it came."""
    if amount is None:
        return ""
    minor = minor_units(amount, currency)
    return f"{amount:f}" if minor is None else str(minor)


def minor_units(amount: Decimal, currency: str) -> int | None:
    """Convert an amount of major units exactly; None if it is too large or no whole number of minor units."""
    if not amount.is_finite() or abs(amount) >= _TOO_LARGE:
        return None
    # In integers: Decimal rounds to its context's precision, and PostgreSQL's numeric may have more digits.
    numerator, denominator = amount.as_integer_ratio()
    minor, rest = divmod(numerator * 10 ** currencies.exponent(currency), denominator)
    return None if rest else minor
