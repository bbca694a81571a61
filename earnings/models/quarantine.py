"""Quarantine: records that can't be used, with the reason."""

from django.db import models
from django.db.models import Func, GeneratedField, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Collate, Now

from database.fields import ExternalIdField, act_key
from earnings.models.billing import BillingBatch, BillingRecord, BillingSource
from earnings.models.catalog import Api


class Reason(models.TextChoices):
    """Why a record can't be used: the first reason that applies, in this order. Conflicts are counted separately.

    Only `unpostable` is found after a record was accepted.
    """

    CONFLICT = "conflict", "Another record has this id"
    SYNTAX = "syntax", "Not a billing record"
    AMOUNT_NOT_INTEGER = "amount_not_integer", "Amount is not an integer in minor units"
    AMOUNT_NOT_POSITIVE = "amount_not_positive", "Amount is not positive"
    TOO_LARGE = "too_large", "Amount or number of API calls is above 999,999,999,999"
    CURRENCY_UNKNOWN = "currency_unknown", "Unknown currency"
    CURRENCY_NOT_PAID = "currency_not_paid", "Currency is not paid out"
    TIME_INVALID = "time_invalid", "Not an ISO 8601 time with an offset"
    TIME_TOO_OLD = "time_too_old", "Before the year 2000"
    TIME_IN_FUTURE = "time_in_future", "In the future"
    API_UNKNOWN = "api_unknown", "Unknown API"
    OWNER_UNKNOWN = "owner_unknown", "API has no owner"
    OWNER_MISMATCH = "owner_mismatch", "API belonged to another creator"
    CHARGE_UNKNOWN = "charge_unknown", "Unknown charge"
    EXCEEDS_CHARGE = "exceeds_charge", "More than what is left of the charge"
    UNPOSTABLE = "unpostable", "Can't be posted"


OF_API = (Reason.API_UNKNOWN, Reason.OWNER_UNKNOWN, Reason.OWNER_MISMATCH)
OF_CHARGE = (Reason.CHARGE_UNKNOWN, Reason.EXCEEDS_CHARGE)
# The record itself is valid. It can enter unchanged once something else changes.
WAITING = (Reason.CURRENCY_NOT_PAID, Reason.TIME_IN_FUTURE, *OF_API, *OF_CHARGE)


class Resolution(models.TextChoices):
    ENTERED = "entered", "Entered"
    SUPERSEDED = "superseded", "Superseded by a later copy"
    UNLINKED = "unlinked", "Accepted as unlinked"


class QuarantinedRecord(models.Model):
    """A record that can't be used, as it arrived, with the reason.

    It is open until it enters, by itself or accepted by staff as unlinked. A later copy under the same id supersedes it
    by entering, or by waiting to enter.
    """

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(BillingSource, models.PROTECT, db_index=False, related_name="quarantined")
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
            models.Index(fields=["record_id"], name="quarantine_by_record"),
            models.Index(
                fields=["record_id", "source"], condition=Q(resolved_at__isnull=True), name="quarantine_open"
            ),
            models.Index(
                fields=["source", "record_id"], condition=Q(reason="unpostable"), name="quarantine_unpostable"
            ),
            models.Index(
                fields=["record_id", "source"],
                condition=Q(resolution="superseded"),
                name="quarantine_superseded",
            ),
            # By what the record waits for.
            models.Index(
                KeyTextTransform("api_id", "content"),
                condition=Q(resolved_at__isnull=True, reason__in=OF_API),
                name="quarantine_by_api",
            ),
            models.Index(
                KeyTextTransform("related_record_id", "content"),
                condition=Q(resolved_at__isnull=True, reason__in=OF_CHARGE),
                name="quarantine_by_charge",
            ),
            models.Index(
                KeyTextTransform("currency", "content"),
                condition=Q(resolved_at__isnull=True, reason="currency_not_paid"),
                name="quarantine_by_currency",
            ),
            models.Index(
                Collate(KeyTextTransform("occurred_at", "content"), "C"),
                condition=Q(resolved_at__isnull=True, reason="time_in_future"),
                name="quarantine_by_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_id or 'a line'}: {self.get_reason_display()}"


class UnlinkedRecord(models.Model):
    """A record that staff accepted although the charge that it names never came; append-only.

    It has the owner and the commission rate of its own time. If the charge comes after all, it counts towards what was
    taken back of it. It leaves with its record, if that moves back to quarantine.
    """

    record = models.OneToOneField(BillingRecord, models.PROTECT, primary_key=True, related_name="unlinked")
    quarantined = models.OneToOneField(QuarantinedRecord, models.PROTECT, related_name="unlinked")
    source = models.ForeignKey(BillingSource, models.PROTECT, db_index=False, related_name="+")
    charge_record_id = ExternalIdField()
    actor = models.CharField(max_length=255)
    reason = models.TextField()
    act = act_key()
    at = models.DateTimeField()

    class Meta:
        db_table = "unlinked_records"
        indexes = [models.Index(fields=["charge_record_id", "source"], name="unlinked_by_charge")]

    def __str__(self) -> str:
        return self.reason


class Recheck(models.Model):
    """A reason to look at quarantined records again: an API got an owner, or a batch came in.

    It is written in the same transaction (for owners by a trigger), and deleted once the records were rechecked.
    """

    id = models.BigAutoField(primary_key=True)
    api = models.ForeignKey(Api, models.CASCADE, related_name="+", null=True, db_index=False)
    batch = models.ForeignKey(BillingBatch, models.CASCADE, related_name="+", null=True, db_index=False)

    class Meta:
        db_table = "quarantine_rechecks"
        constraints = [
            models.CheckConstraint(
                condition=Q(api__isnull=False, batch__isnull=True) | Q(api__isnull=True, batch__isnull=False),
                name="recheck_is_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"of API {self.api_id}" if self.api_id else f"of batch {self.batch_id}"
