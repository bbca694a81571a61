"""What has arrived and is not in the earnings: unposted batches, batches set aside, and the quarantine."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet

from database import sql
from earnings.models import Adjustment, AdjustmentStatus, BillingBatch, QuarantinedRecord, Reason

_UNPOSTED = """
SELECT
    count(*) AS batches,
    min(received_at) FILTER (WHERE accepted > 0) AS oldest,
    clock_timestamp() AS as_of
FROM billing_batches
WHERE posted_at IS NULL AND set_aside_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Unposted:
    """Batches that wait to be posted; `lag` is the age of their oldest accepted record.

    Batches set aside are not included: they wait for staff, and would hide that posting is behind.
    """

    batches: int
    oldest: datetime | None
    as_of: datetime  # by the database's clock

    @property
    def lag(self) -> timedelta:
        return max(self.as_of - self.oldest, timedelta()) if self.oldest else timedelta()


def batches_set_aside() -> QuerySet[BillingBatch]:
    """Select the batches that can't be posted."""
    return BillingBatch.objects.filter(posted_at=None, set_aside_at__isnull=False)


def unposted() -> Unposted:
    (row,) = sql.rows(_UNPOSTED)
    return Unposted(**row)


def open_quarantine_by_reason() -> list[tuple[Reason, int]]:
    """Count the open quarantined records, most frequent reason first."""
    rows = (
        QuarantinedRecord.objects.filter(resolved_at=None)
        .values("reason")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason")
    )
    return [(Reason(row["reason"]), row["count"]) for row in rows]


def oldest_quarantined() -> datetime | None:
    """Return when the oldest open quarantined record came in."""
    open_ = QuarantinedRecord.objects.filter(resolved_at=None)
    oldest: datetime | None = open_.aggregate(oldest=Min("created_at"))["oldest"]
    return oldest


def proposed_adjustments() -> QuerySet[Adjustment]:
    """Select the adjustments and write-offs that wait for a second person, oldest first."""
    proposed = Adjustment.objects.filter(status=AdjustmentStatus.PROPOSED)
    return proposed.select_related("creator").order_by("pk")
