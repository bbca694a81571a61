"""Merging histories of several tables into one time line."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

ROWS = 30
# A service writes what it does, and that it was done, within this time.
AT_ONCE = timedelta(seconds=5)


class Entry(NamedTuple):
    """One thing that happened: what, who did it (empty if nobody in particular), and why."""

    at: datetime
    what: object
    by: str = ""
    why: object = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A table's part of a time line; `read` returns its newest entries before a time, at most so many.

    `repeats`: another source may tell the same, by the same person and for the same reason.
    """

    name: str
    title: str
    read: Callable[[Any, datetime | None, int], Iterable[Entry]]
    repeats: bool = False


class Choice(NamedTuple):
    """A link that narrows the time line to one source."""

    title: str
    address: str
    chosen: bool


class Row(NamedTuple):
    source: Source
    entry: Entry


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of a time line; `older` is the address of the next one."""

    template: ClassVar[str] = "console/timeline.html"
    choices: Sequence[Choice]
    rows: Sequence[Row]
    older: str


def newest(rows: QuerySet[Any], field: str, before: datetime | None, limit: int) -> QuerySet[Any]:
    """Return the rows of one source with the latest times in a field."""
    earlier = {f"{field}__isnull": False} if before is None else {f"{field}__lt": before}
    return rows.filter(**earlier).order_by(f"-{field}", "-pk")[:limit]


def merged(subject: Model, sources: Sequence[Source], request: HttpRequest) -> Timeline:
    """Merge the sources' entries; the request's address says which source, and before which time.

    Entries of one moment stay on one page.
    """
    chosen = request.GET.get("only", "")
    before = _time(request.GET.get("before", ""))
    read = [source for source in sources if chosen in ("", source.name)] or sources
    entries = chain.from_iterable(
        (Row(source, entry) for entry in source.read(subject, before, ROWS + 1)) for source in read
    )
    rows = sorted(_once(list(entries)), key=lambda row: row.entry.at, reverse=True)
    shown = [row for row in rows if len(rows) <= ROWS or row.entry.at >= rows[ROWS - 1].entry.at]
    older = shown[-1].entry.at.isoformat() if len(shown) < len(rows) else ""
    return Timeline(
        choices=[
            Choice(title, _address(request, only=name, before=""), name == chosen)
            for name, title in [("", "Everything"), *((source.name, source.title) for source in sources)]
        ],
        rows=shown,
        older=_address(request, only=chosen, before=older) if older else "",
    )


def _once(rows: list[Row]) -> list[Row]:
    """Leave out what another source tells as well."""
    told = [(row.entry.by, row.entry.why, row.entry.at) for row in rows if not row.source.repeats]
    return [
        row
        for row in rows
        if not row.source.repeats
        or not any(
            (by, why) == (row.entry.by, row.entry.why) and abs(at - row.entry.at) < AT_ONCE
            for by, why, at in told
        )
    ]


def _time(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None:
        return None
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # before the first year, or after the last
        return None


def _address(request: HttpRequest, **changed: str) -> str:
    parameters = {**request.GET.dict(), **changed}
    return f"?{urlencode({name: value for name, value in parameters.items() if value})}#timeline"
