"""Where the money of a billing record went."""

from datetime import UTC

from earnings.models import BillingRecord, EarningPosting


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
