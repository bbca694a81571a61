"""Responses are written by the class that documents them."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from django.urls import get_resolver
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from web.inputs import Input
from web.outputs import PLAIN, Output, WrittenMonth

ID = UUID("019aa7a0-3f5e-7c3a-9b1e-0d5a4b8c7d21")


class Shouted(serializers.CharField):
    def to_representation(self, value: str) -> str:
        return value.upper()


class Part(Output):
    size = serializers.IntegerField()


class Whole(Output):
    name = serializers.CharField()
    note = serializers.CharField(allow_null=True)
    shouted = Shouted(source="name")
    month = WrittenMonth()
    owner = serializers.CharField(source="account.owner", allow_null=True)
    parts = Part(many=True)
    first = Part()


class Everything(Output):
    flag = serializers.BooleanField()
    text = serializers.CharField()
    kind = serializers.ChoiceField(["a", "b"])
    day = serializers.DateField()
    moment = serializers.DateTimeField()
    number = serializers.IntegerField()
    names = serializers.ListField(child=serializers.CharField())
    address = serializers.URLField()
    id = serializers.UUIDField()


Frameworks = type("Frameworks", (serializers.Serializer,), dict(Everything().fields))

ROW = {
    "name": "Ann",
    "note": "",
    "month": date(2026, 10, 1),
    "account": {"owner": "bob"},
    "parts": [{"size": 1}, {"size": 2}],
    "first": {"size": 1},
    "secret": "not named",
}
WRITTEN = {
    "name": "Ann",
    "note": None,
    "shouted": "ANN",
    "month": "2026-10",
    "owner": "bob",
    "parts": [{"size": 1}, {"size": 2}],
    "first": {"size": 1},
}


def as_object(row: Any) -> Any:
    if isinstance(row, list):
        return [as_object(item) for item in row]
    return SimpleNamespace(**{k: as_object(v) for k, v in row.items()}) if isinstance(row, dict) else row


@pytest.mark.parametrize("row", [ROW, as_object(ROW)], ids=["mapping", "object"])
def test_a_response_has_the_declared_fields_and_no_others(row: Any) -> None:
    assert Whole(row).data == WRITTEN
    assert list(Whole([row, row], many=True).data) == [WRITTEN, WRITTEN]


def test_a_missing_value_is_null() -> None:
    written = Whole({**ROW, "account": None, "first": None, "month": None}).data
    assert (written["owner"], written["first"], written["month"]) == (None, None, None)


def test_a_row_without_a_declared_field_is_an_error() -> None:
    with pytest.raises(KeyError):
        _ = Part({}).data


def test_plain_values_are_rendered_as_the_framework_renders_them() -> None:
    row = {
        "flag": True,
        "text": "é",
        "kind": "a",
        "day": date(2026, 10, 1),
        "moment": datetime(2026, 10, 1, 9, 30, 0, 120_000, UTC),
        "number": 2**62,
        "names": ["x"],
        "address": "https://example.com",
        "id": ID,
    }
    assert {type(field) for field in Everything().fields.values()} == PLAIN
    render = JSONRenderer().render
    assert render(Everything(row).data) == render(Frameworks(row).data)


def serializers_of_the_api() -> set[type[serializers.Serializer[Any]]]:
    get_resolver().url_patterns  # noqa: B018 (imports the views)
    found, left = set(), [serializers.Serializer]
    while left:
        for child in left.pop().__subclasses__():
            left.append(cast("Any", child))
            if child.__module__.split(".")[0] in {"accounts", "earnings", "payouts", "revenue"}:
                found.add(cast("Any", child))
    return found


def test_requests_use_inputs_and_responses_outputs() -> None:
    found = serializers_of_the_api()
    assert len(found) > 30
    for kind in found:
        assert issubclass(kind, Input) == kind.__name__.endswith("Input"), kind
        assert issubclass(kind, Output) == kind.__name__.endswith("Output"), kind
        assert issubclass(kind, Input | Output), kind


def test_every_response_is_described_in_the_document() -> None:
    assert [
        kind for kind in serializers_of_the_api() if issubclass(kind, Output) and "__doc__" not in vars(kind)
    ] == []
