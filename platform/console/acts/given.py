"""Fields that several acts ask for."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from console.acting import ActForm
from console.currencies import default_first
from money import Money, currencies


def paid_currencies() -> list[tuple[str, str]]:
    """List the currencies in which creators are paid, the default first."""
    codes = sorted(settings.MINIMUM_PAYOUT, key=default_first)
    return [(code, code) for code in codes]


class CurrencyForm(ActForm):
    """Asks for a currency."""

    currency = forms.ChoiceField(choices=paid_currencies, widget=UnfoldAdminSelectWidget)


class AmountForm(ActForm):
    """Asks for an amount, as people write it (125.00), in a currency; it is given as Money."""

    amount = forms.DecimalField(
        max_digits=18, widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"})
    )
    currency = forms.ChoiceField(choices=paid_currencies, widget=UnfoldAdminSelectWidget)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        amount, currency = given.get("amount"), given.get("currency")
        if amount is not None and currency:
            self.read_amount(amount, currency)
        return given

    def read_amount(self, amount: Decimal, currency: str) -> None:
        minor = amount.scaleb(currencies.exponent(currency))
        if minor != int(minor):
            places = currencies.exponent(currency)
            self.add_error("amount", f"{currency} has {places or 'no'} decimal places.")
        else:
            self.cleaned_data["amount"] = Money(int(minor), currency)
