"""APIs and billing records by the marketplace's ids; each is one look-up by index."""

from django.db.models import QuerySet

from earnings.models import Api, BillingRecord, BillingSource, QuarantinedRecord


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
