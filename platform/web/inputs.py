"""What callers send, and the fields that several endpoints take: a currency, a country, a month."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pycountry
from rest_framework import serializers

COUNTRIES = sorted(country.alpha_2 for country in pycountry.countries)
CURRENCY_REGEX = r"\A[A-Z]{3}\Z"
MONTH_REGEX = r"\A(?!0000)[0-9]{4}-(0[1-9]|1[0-2])\Z"


class Input(serializers.Serializer[Any]):
    """What a caller sends: only names that somebody reads, and text only where text is meant.

    Null for what need not be given is the same as not giving it.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            mistakes = dict(self._mistakes(data))
            if mistakes:
                raise serializers.ValidationError(mistakes)
            data = {name: value for name, value in data.items() if not self._is_absent(name, value)}
        return super().to_internal_value(data)

    def _is_absent(self, name: str, value: object) -> bool:
        return value is None and not self.fields[name].required

    def _mistakes(self, data: Mapping[Any, Any]) -> Iterator[tuple[str, list[serializers.ErrorDetail]]]:
        for name, value in data.items():
            field = self.fields.get(name)
            if field is None:
                yield str(name), [serializers.ErrorDetail("There is no such parameter.", "unknown")]
            # The framework would take 7 for "7".
            elif isinstance(field, serializers.CharField) and not isinstance(value, str | None):
                yield str(name), [serializers.ErrorDetail("Not a valid string.", "invalid")]


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
