"""Columns of lists, which are also fields of pages."""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, cast

from django.db.models import TextChoices
from django.utils.html import format_html
from django.utils.safestring import SafeString

from database.changes import Way
from database.display import LEGIBLE_TAIL, NOTHING, copyable, show, to_the_second
from money import Money

Column = Callable[[Any], SafeString]
_SHORT = 60


def column(
    title: str, *, order: str | None = None, kind: str = "text"
) -> Callable[[Callable[[Any], object]], Column]:
    """Turn a function of a row into a column; the style sheet uses the kind.

    `order` is the field that the list is sorted by when the title is clicked.
    """

    def decorate(read: Callable[[Any], object]) -> Column:
        def shown(row: Any) -> SafeString:
            return show(read(row))

        as_django_knows_it = cast(Any, shown)
        as_django_knows_it.__name__ = f"{kind}_{title.lower().replace(' ', '_')}"
        as_django_knows_it.short_description = title
        as_django_knows_it.admin_order_field = order
        return shown

    return decorate


def money(name: str, title: str | None = None) -> Column:
    """Show an amount in minor units in the row's `currency`."""
    return money_in(name, "currency", title)


def money_in(name: str, currency: str, title: str | None = None) -> Column:
    """Show an amount in minor units in the currency found at a path, which may be dotted."""
    currency_of = attrgetter(currency)

    def read(row: Any) -> Money | None:
        amount = getattr(row, name)
        return None if amount is None else Money(amount, currency_of(row))

    return column(title or _title(name), order=name, kind="figure")(read)


def titled(name: str, title: str) -> Column:
    """Show a field under another title than its name."""
    return column(title, order=name)(attrgetter(name))


@cache  # the same column each time, so that Django finds it among those that can be sorted
def moment(name: str) -> Column:
    """Show a date or time; `created_at` is titled `Created`."""
    return titled(name, _title(name.removesuffix("_at")))


def exact(name: str, title: str | None = None) -> Column:
    """Show a time of a history, to the second."""

    def read(row: Any) -> SafeString | None:
        value = getattr(row, name)
        return value and to_the_second(value)

    return column(title or _title(name), order=name)(read)


def count(name: str, title: str | None = None) -> Column:
    return column(title or _title(name), order=name, kind="figure")(attrgetter(name))


def percent(name: str, title: str) -> Column:
    """Show basis points as a percentage."""
    return column(title, order=name, kind="figure")(lambda row: f"{getattr(row, name) / 100:g} %")


def state(name: str, states: type[TextChoices], title: str | None = None) -> Column:
    def read(row: Any) -> TextChoices | None:
        value = getattr(row, name)
        return states(value) if value else None

    return column(title or _title(name), order=name, kind="state")(read)


def link(path: str, title: str | None = None) -> Column:
    """Link to the object that a relation leads to; `path` may be dotted."""
    return column(title or _title(path.rpartition(".")[2]))(attrgetter(path))


def ident(name: str = "pk", title: str = "Id") -> Column:
    """Show the end of an id. It is the link to its row's page, so there is no button that copies it, as there."""

    def read(row: Any) -> SafeString:
        key = str(getattr(row, name))
        return format_html('<code title="{}">…{}</code>', key, key[-LEGIBLE_TAIL:])

    return column(title, kind="id")(read)


@column("No.", kind="id")
def number(row: Any) -> str:
    """Show the primary key of a table with numbered rows."""
    return str(row.pk)


def copied(name: str, title: str) -> Column:
    """Show an id in full, with a button that copies it."""

    def read(row: Any) -> SafeString:
        text = str(getattr(row, name) or "")
        return copyable(text, shown=text)

    return column(title, kind="id")(read)


def short(name: str, title: str | None = None) -> Column:
    """Show the beginning of a long text."""

    def read(row: Any) -> SafeString:
        text = str(getattr(row, name))
        if not text:
            return NOTHING
        return format_html(
            '<span class="pc-short">{}</span>', text if len(text) <= _SHORT else f"{text[:_SHORT]}…"
        )

    return column(title or _title(name))(read)


def block(name: str, title: str | None = None) -> Column:
    """Show a multi-line text unchanged."""

    def read(row: Any) -> SafeString:
        text = getattr(row, name)
        return format_html('<pre class="pc-block">{}</pre>', text) if text else NOTHING

    return column(title or _title(name))(read)


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


# Who made the change in a row of `Change`, and how.
CHANGED_BY: list[str | Column] = [state("way", Way, "How"), "source", "actor", "created_at"]
