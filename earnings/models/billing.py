"""Billing records: where they come from, what was accepted, and what is left of a charge."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Creator
from database.fields import ExternalIdField, is_external_id
from earnings.models.catalog import Api


class BillingSource(models.Model):
    """A system that issues billing records; record ids are unique within one.

    Every change that its own tables had by `read_until` (their clock) is in; null if they were never read.
    """

    id = models.BigAutoField(primary_key=True)
    name = ExternalIdField(unique=True)
    read_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "billing_sources"
        constraints = [is_external_id("name")]

    def __str__(self) -> str:
        return self.name


class Posting(models.Model):
    """Batches that were posted together."""

    id = models.BigAutoField(primary_key=True)
    posted_at = models.DateTimeField()

    class Meta:
        db_table = "postings"
        indexes = [models.Index(fields=["posted_at"], name="posting_by_time")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class BillingBatch(models.Model):
    """Records that came together; `posted_at` null means that they are not in the earnings yet.

    One that can't be posted is set aside, with the reason, until staff say what becomes of it. Before that it is
    divided, so that only records which can't be posted wait: `part_of` is the batch in which they came.
    `digest` is of all that its records said when they were accepted; `check_books` compares.
    """

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(BillingSource, models.PROTECT, related_name="batches")
    origin = models.CharField(max_length=255)
    accepted = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    digest = models.BigIntegerField(db_default=0)
    received_at = models.DateTimeField(db_default=Now())
    posted_at = models.DateTimeField(null=True, blank=True)
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="batches", null=True, blank=True)
    set_aside_at = models.DateTimeField(null=True, blank=True)
    set_aside_reason = models.TextField(blank=True)
    part_of = models.ForeignKey("self", models.PROTECT, related_name="parts", null=True, blank=True)

    class Meta:
        db_table = "billing_batches"
        verbose_name_plural = "billing batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(posted_at__isnull=True, posting__isnull=True)
                | Q(posted_at__isnull=False, posting__isnull=False),
                name="batch_posted_has_its_posting",
            ),
            models.CheckConstraint(
                condition=Q(set_aside_at__isnull=True, set_aside_reason="")
                | (Q(set_aside_at__isnull=False, posted_at__isnull=True) & ~Q(set_aside_reason="")),
                name="batch_set_aside_has_its_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(posted_at__isnull=True), name="batch_unposted"),
        ]

    def __str__(self) -> str:
        return f"{self.origin} #{self.pk}"


class BatchActKind(models.TextChoices):
    SET_ASIDE = "set_aside", "Set aside"
    RETRIED = "retried", "Posted again"
    QUARANTINED = "quarantined", "Records quarantined"


class BatchAct(models.Model):
    """What was done with a batch that can't be posted, by whom and why; append-only."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(BillingBatch, models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=16, choices=BatchActKind.choices)
    actor = models.CharField(max_length=255)
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "batch_acts"

    def __str__(self) -> str:
        return self.reason


class RecordKind(models.TextChoices):
    """What happened; it gives the amount its sign in the creator's gross."""

    CHARGE = "charge", "Charge"
    REFUND = "refund", "Refund"
    REFUND_REVERSAL = "refund_reversal", "Refund reversal"
    CHARGEBACK = "chargeback", "Chargeback"
    CHARGEBACK_REVERSAL = "chargeback_reversal", "Chargeback reversal"


class BillingRecord(models.Model):
    """One accepted charge, refund, chargeback or reversal; append-only.

    While its batch isn't posted it may move to another one. If it can't be posted, staff may move it to quarantine.

    `amount` is positive minor units. Owner and commission are settled when the record is accepted, so that
    nothing that changes later moves it to another row. Its foreign keys are checked once per statement, by a
    trigger, and what they refer to is never deleted: checking them row by row cost more than the insert.
    """

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(BillingSource, models.PROTECT, db_index=False, db_constraint=False)
    batch = models.ForeignKey(
        BillingBatch, models.PROTECT, db_index=False, db_constraint=False, related_name="records"
    )
    record_id = ExternalIdField()
    kind = models.CharField(max_length=19, choices=RecordKind.choices)
    api = models.ForeignKey(Api, models.PROTECT, db_index=False, db_constraint=False)
    creator = models.ForeignKey(Creator, models.PROTECT, db_index=False, db_constraint=False)
    commission_bps = models.PositiveIntegerField()
    subscription_id = models.CharField(max_length=255, blank=True)
    customer_id = models.CharField(max_length=255, blank=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    occurred_at = models.DateTimeField()
    api_calls = models.BigIntegerField(default=0)
    related_record_id = models.CharField(max_length=255, blank=True)

    class Meta:
        db_table = "billing_records"
        constraints = [
            models.UniqueConstraint(fields=["source", "record_id"], name="record_id_is_unique_in_its_source"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, api_calls__gte=0, kind__in=RecordKind.values),
                name="record_amounts_are_sound",
            ),
        ]
        indexes = [
            # The way from an earning to its records; append-only in batch order, so cheap to keep.
            models.Index(fields=["batch", "creator", "api"], name="record_by_batch"),
            BrinIndex(fields=["occurred_at"], name="record_by_time"),
            # What takes from a charge; few records do.
            models.Index(
                fields=["related_record_id", "source"],
                condition=~Q(related_record_id=""),
                name="record_by_charge",
            ),
        ]

    def __str__(self) -> str:
        return self.record_id


class ChargeTakeback(models.Model):
    """How much of a charge was refunded and how much charged back, each net of its reversals; never more than all.

    Rows of before reversals were told apart may break the check. They may stay as they are, not change into others
    that break it.
    """

    charge = models.OneToOneField(BillingRecord, models.PROTECT, primary_key=True, related_name="takeback")
    amount = models.BigIntegerField()
    refunded = models.BigIntegerField(default=0)
    charged_back = models.BigIntegerField(default=0)

    class Meta:
        db_table = "charge_takebacks"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    refunded__gte=0, charged_back__gte=0, amount__gte=F("refunded") + F("charged_back")
                ),
                name="no_more_than_the_charge",
            )
        ]

    def __str__(self) -> str:
        return f"{self.refunded} refunded and {self.charged_back} charged back of {self.amount}"
