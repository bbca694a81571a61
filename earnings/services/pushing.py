"""Take in the records that a service pushes, and answer with the outcome of each."""

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
    """The outcome of one record."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"


class PushedRecord(NamedTuple):
    """A pushed record, staged; `record_id` is None if it has no valid id."""

    record_id: str | None
    staged: StagedRecord

    @classmethod
    def of(cls, line: int, record: object, rules: Rules) -> Self:
        """Parse a JSON value."""
        id_as_text = as_text({"record_id": record.get("record_id")}) if isinstance(record, dict) else {}
        record_id = id_as_text.get("record_id")
        return cls(record_id if is_external(record_id) else None, stage_object(line, record, rules))


class Answer(NamedTuple):
    """The outcome of the record at a line; `reason` is None unless it is quarantined."""

    line: int
    record_id: str | None
    outcome: Outcome
    reason: Reason | None


def push(records: Iterable[PushedRecord], *, source: BillingSource) -> Iterator[list[Answer]]:
    """Take in records in batches, each in its own transaction; yield the answers to each batch.

    New records are in the earnings a second or two later. Pushing them again changes nothing.
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
