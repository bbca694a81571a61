"""Take in billing records: each counts once, or is quarantined with the reason."""

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
    """The outcome of a batch; duplicates and refused records are listed by line number."""

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
    quarantined_ids: Sequence[int] = (),
) -> IntakeResult:
    """Take in one batch of records in one transaction; doing so again changes nothing.

    `quarantined_ids` are the quarantine rows that these records come from, if any. When a record enters, all other
    quarantined copies under its id are superseded.
    """
    with transaction.atomic():
        # One intake at a time per source: two with the same record, or with refunds of one charge, would
        # otherwise decide without seeing each other.
        BillingSource.objects.select_for_update(no_key=True).get(pk=source.pk)
        batch = BillingBatch(id=_next_batch_id(), source=source, origin=origin[:255])
        params = {
            "source": source.pk,
            "batch": batch.pk,
            "links": staged.links,
            "quarantined_ids": list(quarantined_ids),
            "waiting": list(WAITING),
        }
        _copy(staged)
        result = IntakeResult(accepted=sql.run(_ENTER, params))
        kept = 0
        if result.accepted < staged.size:
            sql.run(_INSPECT, params)
            if staged.links:
                result.accepted += _enter_linked(params)
            _classify(result, params)
        if result.accepted:
            sql.run(_SUPERSEDE, params)
        if result.refused:
            kept = sql.run(_QUARANTINE, params)
        if result.accepted or kept:
            (sealed,) = sql.rows(SEAL, params)
            batch.accepted, batch.digest = sealed["accepted"], sealed["digest"]
            batch.duplicates = len(result.duplicates)
            batch.conflicts = result.conflicts
            batch.quarantined = result.quarantined.total()
            batch.save(force_insert=True)
            Recheck.objects.create(batch=batch)
    return result


def _next_batch_id() -> int:
    """Reserve the batch's id: its row is written last, and only if the batch isn't empty."""
    (row,) = sql.rows("SELECT nextval(pg_get_serial_sequence('billing_batches', 'id')) AS id")
    return int(row["id"])


def _copy(staged: StagedBatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            copy.write(staged.text)


def _enter_linked(params: dict[str, Any]) -> int:
    """Enter records that name a charge, as long as enough of it is left, and copies that had to wait for them."""
    for statement in (_LINK, _TAKE_BACK, _TAKE_BACK_TOGETHER):
        sql.run(statement, params)
    return sql.run(_ENTER_LINKED, params)


def _classify(result: IntakeResult, params: dict[str, Any]) -> None:
    for row in sql.rows(_CLASSIFY, params):
        if row["reason"]:
            result.refused[row["line"]] = Reason(row["reason"])
        else:
            result.duplicates.append(row["line"])
