"""Searching a list by what only apps above its own know, such as ledger accounts by a creator's id.

Those register functions that look rows up by a term.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
_look_ups: dict[type[Model], list[Callable[[str], QuerySet[Any]]]] = defaultdict(list)


def look_up(
    model: type[M],
) -> Callable[[Callable[[str], QuerySet[M]]], Callable[[str], QuerySet[M]]]:
    """Register a function that selects a model's rows by a search's whole term, by index."""

    def register(select: Callable[[str], QuerySet[M]]) -> Callable[[str], QuerySet[M]]:
        _look_ups[model].append(select)
        return select

    return register


def looked_up(model: type[Model], term: str) -> list[QuerySet[Any]]:
    return [select(term) for select in _look_ups[model]]
