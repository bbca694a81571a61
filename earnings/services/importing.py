"""Import a billing file in batches; after an interruption, just import it again."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from queue import Queue
from threading import Thread

from earnings.models import BillingSource, Reason
from earnings.reading.records import StagedBatch, StagedRecord, in_batches
from earnings.services.intake import take_in

BATCHES_AHEAD = 2


@dataclass(slots=True)
class ImportResult:
    """How many of a file's records had each outcome."""

    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    quarantined: Counter[Reason] = field(default_factory=Counter)


def import_records(
    records: Iterable[StagedRecord],
    *,
    source: BillingSource,
    origin: str,
    on_batch: Callable[[int], object] = lambda size: None,
) -> ImportResult:
    """Take in records in batches, each in its own transaction; `on_batch` is called with the size of each.

    An error while reading the records is raised here, after the batches before it were taken in.
    """
    total = ImportResult()
    for batch in _read_ahead(records):
        result = take_in(batch, source=source, origin=origin)
        total.accepted += result.accepted
        total.duplicates += len(result.duplicates)
        total.conflicts += result.conflicts
        total.quarantined += result.quarantined
        on_batch(batch.size)
    return total


def between(
    records: Iterable[StagedRecord], *, start: datetime | None, end: datetime | None
) -> Iterator[StagedRecord]:
    """Keep records that occurred from `start` up to `end`, and those without a valid time."""
    for record in records:
        moment = record.occurred_at
        if moment is None or ((start is None or moment >= start) and (end is None or moment < end)):
            yield record


def _read_ahead(records: Iterable[StagedRecord]) -> Iterator[StagedBatch]:
    """Batch the records in a separate thread, so that the next batches are read while PostgreSQL handles this one."""
    batches: Queue[StagedBatch | BaseException] = Queue(maxsize=BATCHES_AHEAD)

    def read() -> None:
        try:
            for batch in in_batches(records, content=attrgetter("content")):
                batches.put(StagedBatch.of(batch))
            batches.put(StagedBatch.of([]))
        except BaseException as error:
            batches.put(error)

    Thread(target=read, daemon=True).start()
    while not isinstance(batch := batches.get(), BaseException):
        if not batch.size:
            return
        yield batch
    raise batch
