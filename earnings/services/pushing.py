"""Taking in what a service pushes, and telling it what became of each record."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple, Self

from database import notices
from database.fields import is_external
from earnings.models import BillingSource, Reason
from earnings.reading.records import Rules, StagedBatch, StagedRecord, as_text, in_batches, stage_object
from earnings.services.intake import IntakeResult, take_in

ORIGIN = "push"


class Outcome(StrEnum):
    """What became of a record."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"


class PushedRecord(NamedTuple):
    """A record on its way in; `record_id` is None if it has none that can be one."""

    record_id: str | None
    staged: StagedRecord

    @classmethod
    def of(cls, line: int, given: object, rules: Rules) -> Self:
        """Read what came as JSON."""
        named = as_text({"record_id": given.get("record_id")}) if isinstance(given, dict) else {}
        record_id = named.get("record_id")
        return cls(record_id if is_external(record_id) else None, stage_object(line, given, rules))


class Answer(NamedTuple):
    """What became of the record at a line; `reason` is None unless it is in quarantine."""

    line: int
    record_id: str | None
    outcome: Outcome
    reason: Reason | None


def push(records: Iterable[PushedRecord], *, source: BillingSource) -> Iterator[list[Answer]]:
    """Take in records, batch by batch, each in a transaction of its own; yield the answers to each batch.

    What is new shows in the earnings a second or two later. Pushing again changes nothing.
    """
    for batch in in_batches(records, content=attrgetter("staged.content")):
        staged = StagedBatch.of([record.staged for record in batch])
        result = take_in(staged, source=source, origin=ORIGIN)
        if result.accepted:
            notices.send_debounced_on_commit("earnings.post_new")
        yield list(_answers(batch, result))


def _answers(batch: Sequence[PushedRecord], result: IntakeResult) -> Iterator[Answer]:
    duplicates = frozenset(result.duplicates)
    for record_id, staged in batch:
        line = staged.line
        reason = result.refused.get(line)
        if reason == Reason.CONFLICT:
            yield Answer(line, record_id, Outcome.CONFLICT, None)
        elif reason is not None:
            yield Answer(line, record_id, Outcome.QUARANTINED, reason)
        elif line in duplicates:
            yield Answer(line, record_id, Outcome.DUPLICATE, None)
        else:
            yield Answer(line, record_id, Outcome.ACCEPTED, None)
