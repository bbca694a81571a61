"""The way from a row of earnings to its records, and back."""

from datetime import UTC, datetime, time

from django.db.models import QuerySet

from earnings.models import BillingRecord, CreatorEarning, EarningPosting


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
