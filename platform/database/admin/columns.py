"""Columns of lists, which are fields of pages as well."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, cast

from django.db.models import TextChoices
from django.utils.html import format_html
from django.utils.safestring import SafeString

from database.changes import Way
from database.display import NOTHING, copyable, show
from money import Money

Column = Callable[[Any], SafeString]
_SHORT = 60


def column(
    title: str, *, order: str | None = None, kind: str = "text"
) -> Callable[[Callable[[Any], object]], Column]:
    """Make a function of a row a column; the style sheet knows the column by its kind.

    The fields that `order` names are what the list sorts by when the title is clicked.
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
    """Show a column of minor units in the row's `currency`."""
    return money_in(name, "currency", title)


def money_in(name: str, currency: str, title: str | None = None) -> Column:
    """Show a column of minor units in the currency found at a path, which may be dotted."""
    currency_of = attrgetter(currency)

    def read(row: Any) -> Money | None:
        amount = getattr(row, name)
        return None if amount is None else Money(amount, currency_of(row))

    return column(title or _title(name), order=name, kind="figure")(read)


def titled(name: str, title: str) -> Column:
    """Show a field under another title than its name."""
    return column(title, order=name)(attrgetter(name))


def count(name: str, title: str | None = None) -> Column:
    return column(title or _title(name), order=name, kind="figure")(attrgetter(name))


def percent(name: str, title: str) -> Column:
    """Show basis points as a share."""
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
    """Show an id short, with a sign that copies the whole."""
    return column(title, kind="id")(attrgetter(name))


@column("No.", kind="id")
def number(row: Any) -> str:
    """Show the key of a table that counts its rows."""
    return str(row.pk)


def copied(name: str, title: str) -> Column:
    """Show an id in full, with a sign that copies it."""

    def read(row: Any) -> SafeString:
        text = str(getattr(row, name) or "")
        return copyable(text, shown=text)

    return column(title, kind="id")(read)


def short(name: str, title: str | None = None) -> Column:
    """Show the beginning of a text that may be long."""

    def read(row: Any) -> str:
        text = str(getattr(row, name))
        return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"

    return column(title or _title(name))(read)


def block(name: str, title: str | None = None) -> Column:
    """Show a text of many lines as it stands."""

    def read(row: Any) -> SafeString:
        text = getattr(row, name)
        return format_html('<pre class="pc-block">{}</pre>', text) if text else NOTHING

    return column(title or _title(name))(read)


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


# How a row of `Change` came about.
CHANGED_BY: list[str | Column] = [state("way", Way, "How"), "source", "actor", "created_at"]
