"""Taking in billing records: each counts once, or is kept with the reason why it can't."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from database import sql
from earnings.models import WAITING, BillingBatch, BillingSource, Reason, Recheck
from earnings.reading.records import StagedBatch

_SQL = Path(__file__).parent / "intake_sql"
_CREATE, _CLASSIFY, _SUPERSEDE, SEAL = (
    sql.read(_SQL / f"{name}.sql") for name in ("create", "classify", "supersede", "seal")
)
_LINK, _TAKE_BACK, _TAKE_BACK_TOGETHER, _ENTER_LINKED = (
    sql.read(_SQL / f"{name}.sql") for name in ("link", "take_back", "take_back_together", "enter_linked")
)
CONTENT = sql.read(_SQL / "content.sql")
_QUARANTINE = sql.read(_SQL / "quarantine.sql", content=CONTENT)
_RESOLVED = sql.read(_SQL / "resolve.sql")
_ENTER, _INSPECT = (sql.read(_SQL / f"{name}.sql", resolved=_RESOLVED) for name in ("enter", "inspect"))
_COPY = (
    "COPY billing_intake (line, reason, content, record_id, kind, api_external_id, amount, currency, occurred_at,"
    " creator_external_id, subscription_id, customer_id, api_calls, related_record_id)"
    " FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (reason, record_id, api_external_id, creator_external_id,"
    " subscription_id, customer_id, related_record_id))"
)


@dataclass(slots=True)
class IntakeResult:
    """What became of some records, by line number where they were not simply accepted."""

    accepted: int = 0
    duplicates: list[int] = field(default_factory=list)
    refused: dict[int, Reason] = field(default_factory=dict)

    @property
    def conflicts(self) -> int:
        return sum(reason == Reason.CONFLICT for reason in self.refused.values())

    @property
    def quarantined(self) -> Counter[Reason]:
        return Counter(reason for reason in self.refused.values() if reason != Reason.CONFLICT)


def take_in(
    staged: StagedBatch,
    *,
    source: BillingSource,
    origin: str,
    held: Sequence[int] = (),
) -> IntakeResult:
    """Take in one batch of records, all in one transaction; taking it in again changes nothing.

    `held` are the quarantined records that these are, if they come from there. All other copies that wait under an id
    that enters are superseded.
    """
    with transaction.atomic():
        # One intake at a time per source: two that hold the same record, or refunds of one charge, would
        # otherwise each decide without seeing the other.
        BillingSource.objects.select_for_update(no_key=True).get(pk=source.pk)
        batch = BillingBatch(id=_next_batch_id(), source=source, origin=origin[:255])
        names = {
            "source": source.pk,
            "batch": batch.pk,
            "links": staged.links,
            "held": list(held),
            "waiting": list(WAITING),
        }
        _copy(staged)
        result = IntakeResult(accepted=sql.run(_ENTER, names))
        kept = 0
        if result.accepted < staged.size:
            sql.run(_INSPECT, names)
            if staged.links:
                result.accepted += _enter_linked(names)
            _classify(result, names)
        if result.accepted:
            sql.run(_SUPERSEDE, names)
        if result.refused:
            kept = sql.run(_QUARANTINE, names)
        if result.accepted or kept:
            (sealed,) = sql.rows(SEAL, names)
            batch.accepted, batch.digest = sealed["accepted"], sealed["digest"]
            batch.duplicates = len(result.duplicates)
            batch.conflicts = result.conflicts
            batch.quarantined = result.quarantined.total()
            batch.save(force_insert=True)
            Recheck.objects.create(batch=batch)
    return result


def _next_batch_id() -> int:
    """Take the id beforehand: the batch's row is written last, and only if there is something in it."""
    (row,) = sql.rows("SELECT nextval(pg_get_serial_sequence('billing_batches', 'id')) AS id")
    return int(row["id"])


def _copy(staged: StagedBatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            copy.write(staged.text)


def _enter_linked(names: dict[str, Any]) -> int:
    """Enter the records that take from a charge, as far as it has room, and copies that waited behind one of them."""
    for statement in (_LINK, _TAKE_BACK, _TAKE_BACK_TOGETHER):
        sql.run(statement, names)
    return sql.run(_ENTER_LINKED, names)


def _classify(result: IntakeResult, names: dict[str, Any]) -> None:
    for row in sql.rows(_CLASSIFY, names):
        if row["reason"]:
            result.refused[row["line"]] = Reason(row["reason"])
        else:
            result.duplicates.append(row["line"])
