"""Importing a billing file, batch by batch; a file that was imported in part is simply imported again."""

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
    """What became of a file's records."""

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
    """Take in records in batches of their own transactions; `on_batch` hears each one's size.

    Whatever reading the records raises is raised here, after the batches before it are in.
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
    """Keep records that occurred from `start` up to `end`, and those whose time can't be told."""
    for record in records:
        moment = record.occurred_at
        if moment is None or ((start is None or moment >= start) and (end is None or moment < end)):
            yield record


def _read_ahead(records: Iterable[StagedRecord]) -> Iterator[StagedBatch]:
    """Batch the records in a thread of its own: the next batches are read while PostgreSQL takes in this one."""
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
