"""What callers of several endpoints may say: a currency, a country, a month."""

from datetime import date
from typing import Any

import pycountry
from rest_framework import serializers

COUNTRIES = sorted(country.alpha_2 for country in pycountry.countries)
CURRENCY_REGEX = r"\A[A-Z]{3}\Z"
MONTH_REGEX = r"\A(?!0000)[0-9]{4}-(0[1-9]|1[0-2])\Z"


class CurrencyField(serializers.RegexField):
    """An ISO 4217 currency; one that nobody uses is no mistake, there is just nothing in it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(CURRENCY_REGEX, trim_whitespace=False, **options)


class CountryField(serializers.ChoiceField):
    """An ISO 3166-1 alpha-2 country."""

    def __init__(self, **options: Any) -> None:
        super().__init__(COUNTRIES, **options)


class MonthField(serializers.RegexField):
    """A month as `YYYY-MM`, read as its first day."""

    def __init__(self, **options: Any) -> None:
        super().__init__(MONTH_REGEX, trim_whitespace=False, **options)

    def run_validation(self, data: Any = serializers.empty) -> date:
        return date.fromisoformat(f"{super().run_validation(data)}-01")
