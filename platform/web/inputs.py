"""The base of all input serializers, and fields that several endpoints use: a currency, a country, a month."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pycountry
from rest_framework import serializers

COUNTRIES = sorted(country.alpha_2 for country in pycountry.countries)
CURRENCY_REGEX = r"\A[A-Z]{3}\Z"
MONTH_REGEX = r"\A(?!0000)[0-9]{4}-(0[1-9]|1[0-2])\Z"


class Input(serializers.Serializer[Any]):
    """What a caller sends. Unknown names are refused, and so are numbers in place of text.

    Null for an optional field is the same as leaving it out.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            errors = dict(self._errors_of_names_and_types(data))
            if errors:
                raise serializers.ValidationError(errors)
            data = {name: value for name, value in data.items() if not self._is_absent(name, value)}
        return super().to_internal_value(data)

    def _is_absent(self, name: str, value: object) -> bool:
        return value is None and not self.fields[name].required

    def _errors_of_names_and_types(
        self, data: Mapping[Any, Any]
    ) -> Iterator[tuple[str, list[serializers.ErrorDetail]]]:
        for name, value in data.items():
            field = self.fields.get(name)
            if field is None:
                yield str(name), [serializers.ErrorDetail("There is no such parameter.", "unknown")]
            # The framework would accept 7 as "7".
            elif isinstance(field, serializers.CharField) and not isinstance(value, str | None):
                yield str(name), [serializers.ErrorDetail("Not a valid string.", "invalid")]


class CurrencyField(serializers.RegexField):
    """An ISO 4217 currency. One without any amounts is valid, and finds nothing."""

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
