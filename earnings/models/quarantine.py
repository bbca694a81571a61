"""Records that can't be used, kept with the reason."""

from django.db import models
from django.db.models import Func, GeneratedField, Q
from django.db.models.functions import Now

from earnings.models.billing import BillingBatch, BillingSource


class Reason(models.TextChoices):
    """Why a record can't be used; the first that applies, in this order. A conflict is told apart in counts.

    `unpostable` is the only one that is found out after a record was accepted.
    """

    CONFLICT = "conflict", "Another record has this id"
    SYNTAX = "syntax", "Not a billing record"
    AMOUNT_NOT_INTEGER = "amount_not_integer", "Amount is not a whole number of minor units"
    AMOUNT_NOT_POSITIVE = "amount_not_positive", "Amount is not positive"
    TOO_LARGE = "too_large", "Amount or number of API calls is above 999,999,999,999"
    CURRENCY_UNKNOWN = "currency_unknown", "Unknown currency"
    CURRENCY_NOT_PAID = "currency_not_paid", "No payouts are made in this currency"
    TIME_INVALID = "time_invalid", "Not a time with its offset"
    TIME_TOO_OLD = "time_too_old", "Lies before the year 2000"
    TIME_IN_FUTURE = "time_in_future", "Lies in the future"
    API_UNKNOWN = "api_unknown", "Unknown API"
    OWNER_UNKNOWN = "owner_unknown", "The API has no owner"
    OWNER_MISMATCH = "owner_mismatch", "The API belonged to someone else"
    CHARGE_UNKNOWN = "charge_unknown", "The charge it takes from is unknown"
    EXCEEDS_CHARGE = "exceeds_charge", "Takes back more than is left of its charge"
    UNPOSTABLE = "unpostable", "Can't be added to the earnings"


class Resolution(models.TextChoices):
    ENTERED = "entered", "Entered, once its cause was mended"
    SUPERSEDED = "superseded", "Superseded by a corrected copy"


class QuarantinedRecord(models.Model):
    """A record that can't be used, as it came, with the reason; open until it or a corrected copy enters."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(BillingSource, models.PROTECT, related_name="quarantined")
    batch = models.ForeignKey(BillingBatch, models.PROTECT, related_name="quarantined_records")
    record_id = models.TextField(blank=True)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    content = models.JSONField()
    fingerprint = GeneratedField(
        expression=Func("content", function="md5", template="%(function)s(%(expressions)s::text)"),
        output_field=models.CharField(max_length=32),
        db_persist=True,
    )
    created_at = models.DateTimeField(db_default=Now())
    resolution = models.CharField(max_length=10, choices=Resolution.choices, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "quarantined_records"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "fingerprint"],
                condition=Q(resolved_at__isnull=True),
                name="quarantine_holds_a_record_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["source", "record_id"], condition=Q(resolved_at__isnull=True), name="quarantine_open"
            ),
            models.Index(
                fields=["source", "record_id"], condition=Q(reason="unpostable"), name="quarantine_unpostable"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_id or 'a line'}: {self.get_reason_display()}"
