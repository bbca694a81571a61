"""What an object's page shows besides its own fields: headlines above them, and tables of related rows below.

An app's page can't import the apps above it, so those register functions for the page's model.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model

from money import Money

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Figure:
    """One headline: a value, its title, and a note in small print."""

    title: str
    value: object
    note: object = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One table; its cells can be any values that `show` supports. `more` is the address of the full list."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    total: Sequence[object] = ()
    empty: str = "None."
    more: str = ""

    @property
    def heads(self) -> list[tuple[object, bool]]:
        return self._aligned(self.columns)

    @property
    def body(self) -> list[list[tuple[object, bool]]]:
        return [self._aligned(row) for row in self.rows]

    @property
    def foot(self) -> list[tuple[object, bool]]:
        return self._aligned(self.total)

    def _aligned(self, row: Sequence[object]) -> list[tuple[object, bool]]:
        """Pair each cell with whether its column contains figures, which are right-aligned."""
        return [
            (cell, any(isinstance(other[place], Money | int) for other in self.rows))
            for place, cell in enumerate(row)
        ]


_headlines: dict[type[Model], list[Callable[[Any], Iterable[Figure]]]] = defaultdict(list)
_panels: dict[type[Model], list[Callable[[Any], Panel | None]]] = defaultdict(list)


def headline(model: type[M]) -> Callable[[Callable[[M], Iterable[Figure]]], Callable[[M], Iterable[Figure]]]:
    """Register a function that returns headlines for the pages of a model's objects."""

    def register(make: Callable[[M], Iterable[Figure]]) -> Callable[[M], Iterable[Figure]]:
        _headlines[model].append(make)
        return make

    return register


def panel(model: type[M]) -> Callable[[Callable[[M], Panel | None]], Callable[[M], Panel | None]]:
    """Register a function that returns a panel, or None, for the pages of a model's objects."""

    def register(make: Callable[[M], Panel | None]) -> Callable[[M], Panel | None]:
        _panels[model].append(make)
        return make

    return register


def headlines_for(obj: Model) -> list[Figure]:
    return [figure for make in _headlines[type(obj)] for figure in make(obj)]


def panels_for(obj: Model) -> list[Panel]:
    return [made for make in _panels[type(obj)] if (made := make(obj)) is not None]
