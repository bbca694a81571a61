"""From an earning to its records, and back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import BigIntegerField, Func, QuerySet

from database import sql
from earnings.models import BillingBatch, BillingRecord, CreatorEarning, EarningPosting
from money import midnight

_BEFORE, _AFTER = (
    sql.read(
        Path(__file__).parent / "records_behind.sql",
        from_here=f"batch.id {sign}= %(batch_id)s",
        past_here=f"(held.batch_id, record.id) {sign} (%(batch_id)s, %(id)s)",
        direction=direction,
    )
    for sign, direction in (("<", "DESC"), (">", "ASC"))
)


def records_of(earning: CreatorEarning) -> QuerySet[BillingRecord]:
    """Select the records that make up an earning: those of its batches that match its key."""
    return BillingRecord.objects.filter(
        batch__in=earning.postings.values_list(
            Func("batches", function="unnest", output_field=BigIntegerField())
        ),
        creator=earning.creator_id,
        api=earning.api_id,
        currency=earning.currency,
        commission_bps=earning.commission_bps,
        occurred_at__gte=midnight(earning.period_start),
        occurred_at__lt=midnight(earning.period_end),
    )


def postings_of(batch: BillingBatch) -> QuerySet[EarningPosting]:
    """Select what posting a batch added to earnings that contain its records."""
    return EarningPosting.objects.filter(posting=batch.posting_id, batches__contains=[batch.pk])


def posting_of(record: BillingRecord) -> EarningPosting | None:
    """Return the posting of a record; None until its batch is posted."""
    day = record.occurred_at.astimezone(UTC).date()
    return (
        postings_of(record.batch)
        .filter(
            earning__creator=record.creator_id,
            earning__api=record.api_id,
            earning__currency=record.currency,
            earning__commission_bps=record.commission_bps,
            earning__period_start__lte=day,
            earning__period_end__gt=day,
        )
        .select_related("earning__payout")
        .first()
    )


_TOTAL = sql.read(Path(__file__).parent / "records_total.sql")

# The position of a record among those behind an earning: (batch, id), which is the order of arrival.
Position = tuple[int, int]
_NEWEST: Position = (2**63 - 1, 2**63 - 1)


class RecordBehind(NamedTuple):
    """A billing record behind an earning; `gross` is what it adds to it, negative for refunds and chargebacks."""

    batch_id: int
    id: int
    earning_id: UUID
    source: str
    record_id: str
    kind: str
    api_id: str
    subscription_id: str
    customer_id: str
    amount: int
    gross: int
    currency: str
    occurred_at: datetime
    api_calls: int
    related_record_id: str

    @property
    def position(self) -> Position:
        return self.batch_id, self.id


@dataclass(frozen=True, slots=True)
class RecordsBehind:
    """The records that make up some earnings, latest arrival first; adjustments have none."""

    earnings: Sequence[UUID]

    def before(self, position: Position, *, count: int) -> list[RecordBehind]:
        """Return up to `count` records that arrived before this position."""
        return [RecordBehind(**row) for row in sql.rows(_BEFORE, self._parameters(position, count))]

    def after(self, position: Position, *, count: int) -> list[RecordBehind]:
        """Return up to `count` records that arrived next after this position, latest first."""
        return [RecordBehind(**row) for row in sql.rows(_AFTER, self._parameters(position, count))][::-1]

    def total(self) -> tuple[int, int]:
        """Count all records, and sum what they add, in signed minor units."""
        (row,) = sql.rows(_TOTAL, {"earnings": list(self.earnings)})
        return row["count"], row["gross"]

    def stream(self) -> Iterator[RecordBehind]:
        """Yield all records, reading them in chunks."""
        return (RecordBehind(**row) for row in sql.stream(_BEFORE, self._parameters(_NEWEST, None)))

    def _parameters(self, position: Position, count: int | None) -> dict[str, Any]:
        batch_id, record_id = position
        return {"earnings": list(self.earnings), "batch_id": batch_id, "id": record_id, "count": count}
