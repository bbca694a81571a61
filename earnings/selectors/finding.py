"""APIs and billing records by the marketplace's ids; each is one look-up by index."""

from django.db.models import BigIntegerField, Func, Q, QuerySet

from accounts.models import Creator
from earnings.models import (
    Api,
    BillingBatch,
    BillingRecord,
    BillingSource,
    EarningPosting,
    QuarantinedRecord,
)


def apis_beginning(text: str) -> QuerySet[Api]:
    """Select the APIs whose id begins with the text, in order."""
    return Api.objects.filter(external_id__startswith=text).order_by("external_id")


def records_with_id(record_id: str) -> QuerySet[BillingRecord]:
    """Select the records with this id, of any source: the index begins with the source."""
    sources = list(BillingSource.objects.values_list("pk", flat=True))
    return BillingRecord.objects.filter(source__in=sources, record_id=record_id)


def quarantined_with_id(record_id: str) -> QuerySet[QuarantinedRecord]:
    """Select the copies of a record that were quarantined, of any source, the latest first."""
    return QuarantinedRecord.objects.filter(record_id=record_id).order_by("-pk")


def records_of_creator(external_id: str) -> QuerySet[BillingRecord]:
    """Select a creator's records: by way of the batches, as records have no index of their own for it."""
    creators = Creator.objects.filter(external_id=external_id)
    return BillingRecord.objects.filter(
        _in_batches_of(Q(earning__creator__in=creators)), creator__in=creators
    )


def records_of_api(external_id: str) -> QuerySet[BillingRecord]:
    """Select an API's records, likewise."""
    apis = Api.objects.filter(external_id=external_id)
    return BillingRecord.objects.filter(_in_batches_of(Q(earning__api__in=apis)), api__in=apis)


def _in_batches_of(earnings: Q) -> Q:
    """Match the batches that were posted to these earnings, and those that aren't posted yet."""
    batches = Func("batches", function="unnest", output_field=BigIntegerField())
    posted = EarningPosting.objects.filter(earnings).values_list(batches)
    unposted = BillingBatch.objects.filter(posted_at=None).values_list("pk")
    return Q(batch__in=posted.union(unposted))
