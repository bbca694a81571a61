"""What endpoints answer: an `Output` is the one place where an answer's shape stands."""

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from money import written_month

# Their values are written by the JSON renderer as the fields would write them.
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
    """What an endpoint answers. Text that isn't there is null: the tables hold it as empty, and no answer does.

    It reads a row, or a mapping, as the framework does, but copies no fields: that costs a page of 25 rows more than
    its query. A field of a class that isn't plain writes its value itself.
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
    """A month, held as its first day and written `YYYY-MM`."""

    def to_representation(self, value: date) -> str:
        return written_month(value)


@cache
def _fields(output: type[Output]) -> list[tuple[str, list[str], Callable[[Any], Any] | None]]:
    """Name each field, the way from a row to its value, and what writes the value, if that isn't written as it is."""
    return [(name, _path(name, field), _writer(field)) for name, field in output._declared_fields.items()]


def _path(name: str, field: serializers.Field[Any, Any, Any, Any]) -> list[str]:
    return [] if field.source == "*" else (field.source or name).split(".")


def _writer(field: serializers.Field[Any, Any, Any, Any]) -> Callable[[Any], Any] | None:
    if type(field) not in PLAIN:
        return field.to_representation
    return _text_or_null if isinstance(field, serializers.CharField) and field.allow_null else None


def _text_or_null(value: str) -> str | None:
    return value or None
