"""Fields that several acts ask for."""

import re
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from console.acting import ActForm
from console.currencies import in_order
from money import Money

_WRITTEN = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", re.ASCII)


def paid_currencies() -> list[tuple[str, str]]:
    """List the currencies in which creators are paid, the default first."""
    return [(code, code) for code in in_order(settings.MINIMUM_PAYOUT)]


class CurrencyForm(ActForm):
    """Asks for a currency."""

    currency = forms.ChoiceField(choices=paid_currencies, widget=UnfoldAdminSelectWidget)


class AmountField(forms.DecimalField):
    """Takes an amount as the console writes it: 1250.00 or 1,250.00."""

    widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"})
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": "Write an amount like 1,250.00."}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=18, **options)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # the stubs say int
        text = str(value or "").strip()
        if text and not _WRITTEN.fullmatch(text):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(text.replace(",", ""))


class AmountForm(ActForm):
    """Asks for an amount in a currency; it is given as Money."""

    amount = AmountField()
    currency = forms.ChoiceField(choices=paid_currencies, widget=UnfoldAdminSelectWidget)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        amount, currency = given.get("amount"), given.get("currency")
        if amount is not None and currency:
            try:
                given["amount"] = Money.of(amount, currency)
            except ValueError as error:
                self.add_error("amount", str(error))
        return given
