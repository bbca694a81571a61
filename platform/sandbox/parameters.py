"""The parameters of an endpoint, declared as data, and parsed from a form with Stripe's refusals.

Parsing comes before the idempotency layer, as at Stripe: what is refused here isn't saved under a key.
Source: https://docs.stripe.com/api/idempotent_requests
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.countries import CURRENCIES
from sandbox.errors import (
    InvalidRequest,
    JsonObject,
    ParameterEmpty,
    ParameterMissing,
    ParameterNotInteger,
    ParameterUnknown,
    UrlInvalid,
)
from sandbox.forms import Form, Value

LARGEST_INTEGER = 2**63 - 1
METADATA_KEYS = 50
METADATA_KEY_LENGTH = 40
METADATA_VALUE_LENGTH = 500

_ADDRESS = re.compile(r"https?://[^/\s?#]+([/?#]\S*)?")

COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True, kw_only=True)
class Parameter(ABC):
    """`read` parses what was sent for the parameter `name`, or refuses it."""

    required: bool = False

    @abstractmethod
    def read(self, name: str, raw: Value) -> Any: ...


Schema = Mapping[str, Parameter]


def read_parameters(schema: Schema, form: Form, *, within: str = "") -> JsonObject:
    """Parse a form by its schema; parameters that weren't sent are absent from the result."""
    unknown = [_name(within, key) for key in form if key not in schema]
    if unknown:
        raise ParameterUnknown(unknown)
    for key, parameter in schema.items():
        if parameter.required and key not in form:
            raise ParameterMissing(_name(within, key))
    return {key: schema[key].read(_name(within, key), raw) for key, raw in form.items()}


@dataclass(frozen=True)
class Text(Parameter):
    max_length: int = 5000

    def read(self, name: str, raw: Value) -> str:
        text = _leaf(name, raw, kind="string")
        if len(text) > self.max_length:
            raise InvalidRequest(
                f"Invalid string: {name} must be at most {self.max_length} characters", param=name
            )
        return text


@dataclass(frozen=True)
class Integer(Parameter):
    minimum: int | None = None
    maximum: int | None = None
    largest: int = LARGEST_INTEGER

    def read(self, name: str, raw: Value) -> int:
        text = _leaf(name, raw, kind="integer")
        try:
            number = int(text)
        except ValueError:
            raise ParameterNotInteger(f"Invalid integer: {text}", param=name) from None
        if abs(number) > self.largest:
            raise ParameterNotInteger(f"Invalid integer: {text}", param=name)
        if self.minimum is not None and number < self.minimum:
            raise ParameterNotInteger(
                f"This value must be greater than or equal to {self.minimum}.", param=name
            )
        if self.maximum is not None and number > self.maximum:
            raise ParameterNotInteger(f"This value must be less than or equal to {self.maximum}.", param=name)
        return number


@dataclass(frozen=True)
class Decimal(Parameter):
    """A number that may have a fraction; only control endpoints use it."""

    more_than: float = -math.inf
    less_than: float = math.inf

    def read(self, name: str, raw: Value) -> float:
        text = _leaf(name, raw, kind="number")
        try:
            number = float(text)
        except ValueError:
            raise InvalidRequest(f"Invalid number: {text}", param=name) from None
        if not self.more_than < number < self.less_than:
            raise InvalidRequest(
                f"This value must be more than {self.more_than} and less than {self.less_than}.", param=name
            )
        return number


@dataclass(frozen=True)
class Boolean(Parameter):
    def read(self, name: str, raw: Value) -> bool:
        text = _leaf(name, raw, kind="boolean")
        if text.lower() not in ("true", "false"):
            raise InvalidRequest(f"Invalid boolean: {text}", param=name)
        return text.lower() == "true"


@dataclass(frozen=True)
class Choice(Parameter):
    options: tuple[str, ...]

    def read(self, name: str, raw: Value) -> str:
        text = _leaf(name, raw, kind="string")
        if text not in self.options:
            raise InvalidRequest(f"Invalid {name}: must be one of {', '.join(self.options)}", param=name)
        return text


@dataclass(frozen=True)
class Currency(Parameter):
    """Parses into lower case, as Stripe writes currencies."""

    def read(self, name: str, raw: Value) -> str:
        currency = _leaf(name, raw, kind="currency").lower()
        if currency not in CURRENCIES:
            raise InvalidRequest(
                f"Invalid currency: {currency}. Stripe currently supports these currencies: "
                f"{', '.join(CURRENCIES)}",
                param=name,
            )
        return currency


@dataclass(frozen=True)
class Url(Parameter):
    def read(self, name: str, raw: Value) -> str:
        text = _leaf(name, raw, kind="string")
        if not _ADDRESS.fullmatch(text):
            raise UrlInvalid("Not a valid URL", param=name)
        return text


@dataclass(frozen=True)
class Pattern(Parameter):
    """A regular expression; only control endpoints use it."""

    def read(self, name: str, raw: Value) -> str:
        text = _leaf(name, raw, kind="string")
        try:
            re.compile(text)
        except re.error as error:
            raise InvalidRequest(f"Invalid regular expression: {error}", param=name) from None
        return text


@dataclass(frozen=True)
class Hash(Parameter):
    fields: Schema

    def read(self, name: str, raw: Value) -> JsonObject:
        return read_parameters(self.fields, _branch(name, raw), within=name)


@dataclass(frozen=True)
class Array(Parameter):
    items: Parameter = Text()

    def read(self, name: str, raw: Value) -> list[Any]:
        if raw == "":
            return []
        return [self.items.read(f"{name}[{key}]", item) for key, item in _branch(name, raw).items()]


@dataclass(frozen=True)
class Metadata(Parameter):
    """Parses into changes: an empty value unsets a key, and None unsets all.

    Source: https://docs.stripe.com/api/metadata
    """

    def read(self, name: str, raw: Value) -> dict[str, str] | None:
        if raw == "":
            return None
        changes = {}
        for key, value in _branch(name, raw, kind="hash").items():
            if not isinstance(value, str):
                raise InvalidRequest(
                    f"Invalid string: {name}[{key}] must be a string", param=f"{name}[{key}]"
                )
            if len(key) > METADATA_KEY_LENGTH:
                raise InvalidRequest(
                    f"Metadata keys can be at most {METADATA_KEY_LENGTH} characters: {key}", param=name
                )
            if len(value) > METADATA_VALUE_LENGTH:
                raise InvalidRequest(
                    f"Metadata values can be at most {METADATA_VALUE_LENGTH} characters: {key}",
                    param=f"{name}[{key}]",
                )
            changes[key] = value
        return changes


@dataclass(frozen=True)
class TimeRange(Parameter):
    """A time, or bounds: parses into comparisons with their operands."""

    def read(self, name: str, raw: Value) -> list[tuple[str, int]]:
        if isinstance(raw, str):
            return [("=", Integer().read(name, raw))]
        bounds = read_parameters({bound: Integer() for bound in COMPARISONS}, raw, within=name)
        return [(COMPARISONS[bound], moment) for bound, moment in bounds.items()]


EXPAND: Schema = {"expand": Array()}


def merge_metadata(metadata: dict[str, str], changes: dict[str, str] | None) -> dict[str, str]:
    """Apply the changes that a `Metadata` parameter parsed."""
    if changes is None:
        return {}
    merged = {key: value for key, value in {**metadata, **changes}.items() if value}
    if len(merged) > METADATA_KEYS:
        raise InvalidRequest(f"You can only specify up to {METADATA_KEYS} metadata keys", param="metadata")
    return merged


def _name(within: str, key: str) -> str:
    return f"{within}[{key}]" if within else key


def _leaf(name: str, raw: Value, *, kind: str) -> str:
    if not isinstance(raw, str):
        raise InvalidRequest(f"Invalid {kind}: {name} must be a single value", param=name)
    if raw == "":
        raise ParameterEmpty(name)
    return raw


def _branch(name: str, raw: Value, *, kind: str = "object") -> Form:
    if isinstance(raw, str):
        raise InvalidRequest(f"Invalid {kind}", param=name)
    return raw
