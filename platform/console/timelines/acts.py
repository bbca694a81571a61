"""What staff did, and their notes, as parts of time lines."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from console.recorded import what_it_changed, what_was_done
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


def _named(act: RecordedAct) -> str:
    changed = what_it_changed(act)
    return f"{what_was_done(act)} ({changed})" if changed else what_was_done(act)
