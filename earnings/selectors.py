"""Reads about earnings: the way from a row to its records, and back; and what is not in them yet."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.db.models import Count, Min, Q, QuerySet

from earnings.models import (
    ApiOwnership,
    BillingBatch,
    BillingRecord,
    CreatorEarning,
    EarningPosting,
    QuarantinedRecord,
    Reason,
)


@dataclass(frozen=True, slots=True)
class Unposted:
    """Batches that no earning contains yet; the earnings lag is the age of their oldest accepted record."""

    batches: int
    lag: timedelta


def records_of(earning: CreatorEarning) -> QuerySet[BillingRecord]:
    """Select the records that make up an earning: those of its batches that belong to its row."""
    return BillingRecord.objects.filter(
        batch__in=earning.postings.values("batch"),
        creator=earning.creator_id,
        api=earning.api_id,
        currency=earning.currency,
        commission_bps=earning.commission_bps,
        occurred_at__gte=datetime.combine(earning.period_start, time.min, UTC),
        occurred_at__lt=datetime.combine(earning.period_end, time.min, UTC),
    )


def posting_of(record: BillingRecord) -> EarningPosting | None:
    """Find the posting that a record is in; None until its batch is posted."""
    day = record.occurred_at.astimezone(UTC).date()
    return (
        EarningPosting.objects.filter(
            batch=record.batch_id,
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


def unposted(*, now: datetime) -> Unposted:
    waiting = BillingBatch.objects.filter(posted_at=None).aggregate(
        batches=Count("pk"), oldest=Min("received_at", filter=Q(accepted__gt=0))
    )
    return Unposted(waiting["batches"], now - waiting["oldest"] if waiting["oldest"] else timedelta())


def open_quarantine_by_reason() -> list[tuple[Reason, int]]:
    """Count the records that wait in quarantine, most frequent reason first."""
    rows = (
        QuarantinedRecord.objects.filter(resolved_at=None)
        .values("reason")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason")
    )
    return [(Reason(row["reason"]), row["count"]) for row in rows]


def latest_ownership(api_id: str) -> ApiOwnership:
    """Read who owns an API now, or will; it must have an owner."""
    ownerships = ApiOwnership.objects.select_related("api", "creator").filter(api__external_id=api_id)
    return ownerships.latest("owned_from")
