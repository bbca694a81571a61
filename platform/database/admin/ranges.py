"""Filters with two fields: from and to, both inclusive, each may be empty."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest


class Between(SimpleListFilter, ABC):
    """The rows between two values, `?<parameter>_from=…&<parameter>_to=…`: a form of its own among the filters."""

    template = "console/filter_between.html"
    input_type = "text"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: ModelAdmin[Any]
    ) -> None:
        names = self._names
        self.ends = [str(params.pop(name, [""])[-1]).strip() for name in names]
        self.used_parameters = {name: end for name, end in zip(names, self.ends, strict=True) if end}

    @property
    def _names(self) -> list[str]:
        return [f"{self.parameter_name}_from", f"{self.parameter_name}_to"]

    def expected_parameters(self) -> list[str | None]:
        return [*self._names]

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return []

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the two fields, and what else the list's address says as hidden ones."""
        names = self._names
        for label, name, end in zip(("From", "To"), names, self.ends, strict=True):
            yield {"label": label, "name": name, "value": end, "type": self.input_type}
        for name, value in parse_qsl(changelist.get_query_string(remove=[*names, "p"]).removeprefix("?")):
            yield {"label": "", "name": name, "value": value, "type": "hidden"}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        try:
            return self.between(queryset, *(self.parse(end) if end else None for end in self.ends))
        except ValueError as error:
            raise IncorrectLookupParameters from error

    @abstractmethod
    def parse(self, text: str) -> Any:
        """Raises: ValueError."""

    @abstractmethod
    def between(self, rows: QuerySet[Any], low: Any, high: Any) -> QuerySet[Any]:
        """Return the rows between two values; None is no limit."""
