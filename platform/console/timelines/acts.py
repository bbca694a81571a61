"""What staff did, and their notes, as parts of time lines."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.timelines.merging import Entry, Source, newest
from database.acts import Kind
from database.models import RecordedAct


def sources_of(column: str) -> list[Source]:
    """Return the sources of notes and of all other acts; `column` names the creator or the payout of an act."""

    def notes(subject: Any, before: datetime | None, limit: int) -> Iterator[Entry]:
        rows = RecordedAct.objects.filter(**{column: subject.pk}, kind=Kind.ADD_NOTE)
        for act in newest(rows, "at", before, limit):
            yield Entry(act.at, act.reason, act.actor)

    def acts(subject: Any, before: datetime | None, limit: int) -> Iterator[Entry]:
        rows = RecordedAct.objects.filter(**{column: subject.pk}).exclude(kind=Kind.ADD_NOTE)
        for act in newest(rows, "at", before, limit):
            yield Entry(act.at, _named(act), act.actor, act.reason)

    return [Source("notes", "Notes", notes), Source("acts", "Staff", acts, repeats=True)]


def _named(act: RecordedAct) -> SafeString:
    kind = Kind(act.kind).label if act.kind in Kind.values else act.kind
    changed = ", ".join(
        f"{name.replace('_', ' ')} {_shown(act.before.get(name))} → {_shown(value)}"
        for name, value in act.after.items()
    )
    return format_html("{} {}", kind, f"({changed})" if changed else "")


def _shown(value: object) -> str:
    return "–" if value in (None, "") else str(value)
