"""What has come and is in no earning yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from database import sql
from earnings.models import QuarantinedRecord, Reason

_UNPOSTED = """
SELECT count(*) AS batches, min(received_at) FILTER (WHERE accepted > 0) AS oldest
FROM billing_batches
WHERE posted_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Unposted:
    """Batches that no earning contains yet; the earnings lag is the age of their oldest accepted record."""

    batches: int
    lag: timedelta


def unposted(*, now: datetime) -> Unposted:
    (waiting,) = sql.rows(_UNPOSTED)
    return Unposted(
        waiting["batches"], max(now - waiting["oldest"], timedelta()) if waiting["oldest"] else timedelta()
    )


def open_quarantine_by_reason() -> list[tuple[Reason, int]]:
    """Count the records that wait in quarantine, most frequent reason first."""
    rows = (
        QuarantinedRecord.objects.filter(resolved_at=None)
        .values("reason")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason")
    )
    return [(Reason(row["reason"]), row["count"]) for row in rows]
