"""An amount in one currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_currency

from money import currencies

# The largest amount, in minor units, accepted as input. Stripe allows at most twelve digits in any currency, and a
# bigint holds the sum of nine million such amounts.
# Source: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
LARGEST_AMOUNT = 999_999_999_999


class CurrencyMismatch(TypeError):
    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"can't combine {left} and {right}")
        self.left = left
        self.right = right


@dataclass(frozen=True, slots=True)
class Money:
    """A whole number of minor units (cents) of one currency; negative is owed the other way.

    Any currency is allowed, as stored amounts must still work after their currency is retired.
    For new amounts, check `currencies.is_current` first.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"amount must be a whole number of minor units, not {self.amount!r}")
        if not isinstance(self.currency, str):
            raise TypeError(f"currency must be a code, not {self.currency!r}")

    @classmethod
    def of(cls, value: Decimal, currency: str) -> Money:
        """Read an amount as people write it, in the currency's own unit: 125.00.

        Raises: ValueError if the currency has no such small amounts.
        """
        places = currencies.exponent(currency)
        minor = value.scaleb(places)
        if minor != int(minor):
            raise ValueError(f"{currency} has {places or 'no'} decimal places.")
        return cls(int(minor), currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __str__(self) -> str:
        """Format for people: `$1,234.50`, `-€3.00`, `¥1,200`.

        An unknown currency is shown in minor units: `1,234 minor units of QQQ`.
        """
        if not currencies.is_known(self.currency):
            return f"{self.amount:,} minor units of {self.currency or 'an unknown currency'}"
        places = currencies.exponent(self.currency)
        value = Decimal(self.amount).scaleb(-places)
        pattern = "¤#,##0" + ("." + "0" * places if places else "")
        return str(
            format_currency(value, self.currency, format=pattern, locale="en_US", currency_digits=False)
        )

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.amount
