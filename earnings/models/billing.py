"""Billing sources, batches and accepted records, and how much of each charge was taken back."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Creator
from database.fields import ExternalIdField, act_key, is_external_id
from earnings.models.catalog import Api


class BillingSource(models.Model):
    """A system that issues billing records; record ids are unique per source.

    Its own tables have been read up to `read_until`, by their clock; null if they were never read.
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
    """Records that arrived together; `posted_at` is null until they are added to the earnings.

    A batch that can't be posted is first divided, so that only the records at fault wait: `part_of` is the batch in
    which they arrived. It is then set aside, with the reason, until staff retry or quarantine it.
    `digest` is computed from the records as they were accepted; `check_books` compares it.
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
    """An action on a batch that can't be posted: who did what, and why; append-only."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(BillingBatch, models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=16, choices=BatchActKind.choices)
    actor = models.CharField(max_length=255)
    reason = models.TextField()
    act = act_key()
    at = models.DateTimeField()

    class Meta:
        db_table = "batch_acts"

    def __str__(self) -> str:
        return self.reason


class RecordKind(models.TextChoices):
    """What happened; it determines the sign of the amount in the creator's gross."""

    CHARGE = "charge", "Charge"
    REFUND = "refund", "Refund"
    REFUND_REVERSAL = "refund_reversal", "Refund reversal"
    CHARGEBACK = "chargeback", "Chargeback"
    CHARGEBACK_REVERSAL = "chargeback_reversal", "Chargeback reversal"

    @property
    def sign(self) -> int:
        """What `gross_of` multiplies an amount by."""
        return -1 if self in {RecordKind.REFUND, RecordKind.CHARGEBACK} else 1


class BillingRecord(models.Model):
    """One accepted charge, refund, chargeback or reversal; append-only.

    Until its batch is posted, it can move to another batch. If it can't be posted, staff can move it to quarantine.

    `amount` is in minor units, and positive. Owner and commission are fixed when the record is accepted, so later
    changes never move it to another row. A trigger checks the foreign keys once per statement, and the rows they
    refer to are never deleted: checking them row by row cost more than the insert.
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
            # From an earning to its records. Rows are appended in batch order, so the index is cheap to maintain.
            models.Index(fields=["batch", "creator", "api"], name="record_by_batch"),
            BrinIndex(fields=["occurred_at"], name="record_by_time"),
            # Refunds, chargebacks and reversals of a charge: few records.
            models.Index(
                fields=["related_record_id", "source"],
                condition=~Q(related_record_id=""),
                name="record_by_charge",
            ),
        ]

    def __str__(self) -> str:
        return self.record_id


class ChargeTakeback(models.Model):
    """How much of a charge was refunded and how much charged back, each net of reversals; at most the whole charge.

    Rows from before reversals had their own kinds may violate the check. They can stay as they are, but can't change
    to other values that violate it.
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
