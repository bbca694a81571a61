"""What an object's page shows besides its own fields: headlines above them, and sections of related rows below.

An app's page can't import the apps above it, so those register functions for the page's model. Sections may be on
tabs; only those of the tab that is asked for are made.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from django.db.models import Model
from django.http import HttpRequest
from django.utils.text import slugify

from database.admin.personal import sees_personal_data
from money import Money

M = TypeVar("M", bound=Model)
# The tab that has the object's own fields.
TECHNICAL = "Technical"


class Section(Protocol):
    """A part of a page; its template gets it as `section`."""

    template: ClassVar[str]


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
    template: ClassVar[str] = "console/panel.html"
    total: Sequence[object] = ()
    empty: str = "None."
    more: str = ""

    def __post_init__(self) -> None:
        if not all(self.columns):
            raise ValueError(f"A column of {self.title!r} has no title: screen readers name each cell by it.")

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


class Tab(NamedTuple):
    """A tab of a page; `name` is its value in the page's address."""

    title: str

    @property
    def name(self) -> str:
        return slugify(self.title)


class _Registered(NamedTuple):
    """A function that makes a section of a tab; a personal one is only for those who see personal data."""

    make: Callable[[Any, HttpRequest], Section | None]
    tab: str = ""
    is_personal: bool = False


_tabs: dict[type[Model], list[Tab]] = {}
_headlines: dict[type[Model], list[Callable[[Any], Iterable[Figure]]]] = defaultdict(list)
_summaries: dict[type[Model], list[Callable[[Any, HttpRequest], Section]]] = defaultdict(list)
_sections: dict[type[Model], list[_Registered]] = defaultdict(list)


def headline(model: type[M]) -> Callable[[Callable[[M], Iterable[Figure]]], Callable[[M], Iterable[Figure]]]:
    """Register a function that returns headlines for the pages of a model's objects."""

    def register(make: Callable[[M], Iterable[Figure]]) -> Callable[[M], Iterable[Figure]]:
        _headlines[model].append(make)
        return make

    return register


def summary(
    model: type[M],
) -> Callable[[Callable[[M, HttpRequest], Section]], Callable[[M, HttpRequest], Section]]:
    """Register a function that returns what stands above all tabs of the pages of a model's objects."""

    def register(make: Callable[[M, HttpRequest], Section]) -> Callable[[M, HttpRequest], Section]:
        _summaries[model].append(make)
        return make

    return register


def section(
    model: type[M], *, tab: str = ""
) -> Callable[[Callable[[M, HttpRequest], Section | None]], Callable[[M, HttpRequest], Section | None]]:
    """Register a function that returns a section, or None, for the pages of a model's objects."""

    def register(
        make: Callable[[M, HttpRequest], Section | None],
    ) -> Callable[[M, HttpRequest], Section | None]:
        _sections[model].append(_Registered(make, tab))
        return make

    return register


def panel(
    model: type[M], *, tab: str = "", is_personal: bool = False
) -> Callable[[Callable[[M], Panel | None]], Callable[[M], Panel | None]]:
    """Register a function that returns a panel, or None, for the pages of a model's objects."""

    def register(make: Callable[[M], Panel | None]) -> Callable[[M], Panel | None]:
        _sections[model].append(_Registered(lambda obj, _: make(obj), tab, is_personal))
        return make

    return register


def headlines_for(obj: Model) -> list[Figure]:
    return [figure for make in _headlines[type(obj)] for figure in make(obj)]


def summaries_for(obj: Model, request: HttpRequest) -> list[Section]:
    return [make(obj, request) for make in _summaries[type(obj)]]


def set_tabs(model: type[Model], *titles: str) -> None:
    """Divide the pages of a model's objects into tabs; the technical one, with the object's fields, is the last."""
    _tabs[model] = [Tab(title) for title in (*titles, TECHNICAL)]


def tabs_of(model: type[Model]) -> list[Tab]:
    return _tabs.get(model, [])


def tab_asked_for(model: type[Model], request: HttpRequest) -> Tab | None:
    """Return the tab that the page's address names, or the first; None if the model's pages have no tabs."""
    tabs = tabs_of(model)
    named = (tab for tab in tabs if tab.name == request.GET.get("tab"))
    return next(named, tabs[0] if tabs else None)


def sections_for(obj: Model, request: HttpRequest) -> list[Section]:
    """Make the sections of the tab that is asked for, and those that are on none."""
    asked_for = tab_asked_for(type(obj), request)
    shown = ("", asked_for.title if asked_for else "")
    sees_all = sees_personal_data(request)
    made = (
        registered.make(obj, request)
        for registered in _sections[type(obj)]
        if registered.tab in shown and (sees_all or not registered.is_personal)
    )
    return [each for each in made if each is not None]
