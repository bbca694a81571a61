"""The base of all output serializers: an `Output` alone defines the shape of a response."""

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from money import format_month

# The JSON renderer writes the values of these fields exactly as the fields would.
PLAIN = frozenset(
    [
        serializers.BooleanField,
        serializers.CharField,
        serializers.ChoiceField,
        serializers.DateField,
        serializers.DateTimeField,
        serializers.IntegerField,
        serializers.ListField,
        serializers.URLField,
        serializers.UUIDField,
    ]
)


class Output(serializers.Serializer[Any]):
    """What an endpoint returns. Missing text is null; only the tables store it as an empty string.

    It reads a row or a mapping like the framework's serializers, but without copying the fields, which costs more than
    the query for a page of 25 rows. Only fields of classes that aren't PLAIN convert their values.
    """

    def to_representation(self, instance: Any) -> dict[str, Any]:
        written = {}
        for name, path, write in _fields(type(self)):
            value = instance
            for step in path:
                if value is None:
                    break
                value = value[step] if isinstance(value, dict) else getattr(value, step)
            written[name] = value if write is None or value is None else write(value)
        return written


@extend_schema_field({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"})
class WrittenMonth(serializers.DateField):
    """A month, stored as its first day and written as `YYYY-MM`."""

    def to_representation(self, value: date) -> str:
        return format_month(value)


@cache
def _fields(output: type[Output]) -> list[tuple[str, list[str], Callable[[Any], Any] | None]]:
    """List each field's name, the path from a row to its value, and the function that converts the value, if any."""
    return [(name, _path(name, field), _writer(field)) for name, field in output._declared_fields.items()]


def _path(name: str, field: serializers.Field[Any, Any, Any, Any]) -> list[str]:
    return [] if field.source == "*" else (field.source or name).split(".")


def _writer(field: serializers.Field[Any, Any, Any, Any]) -> Callable[[Any], Any] | None:
    if type(field) not in PLAIN:
        return field.to_representation
    return _text_or_null if isinstance(field, serializers.CharField) and field.allow_null else None


def _text_or_null(value: str) -> str | None:
    return value or None
