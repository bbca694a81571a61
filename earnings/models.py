"""What creators earned: the API catalogue, billing records, commission, and `creator_earnings`."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Func, GeneratedField, Q
from django.db.models.functions import Now

from accounts.models import Creator
from database.fields import ExternalIdField, is_external_id, uuid7_key


class Api(models.Model):
    """Something sold on the marketplace; `external_id` is the marketplace's own id."""

    id = uuid7_key()
    external_id = ExternalIdField(unique=True)
    name = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "apis"
        verbose_name = "API"
        verbose_name_plural = "APIs"
        constraints = [is_external_id("external_id")]

    def __str__(self) -> str:
        return self.name or self.external_id


class ApiOwnership(models.Model):
    """Who owns an API from a moment on, until the next owner; the first one also owned all of the time before."""

    id = uuid7_key()
    api = models.ForeignKey(Api, models.PROTECT, related_name="ownerships")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="ownerships")
    owned_from = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "api_ownerships"
        constraints = [
            models.UniqueConstraint(fields=["api", "owned_from"], name="api_has_one_owner_at_a_time")
        ]

    def __str__(self) -> str:
        return f"{self.creator} from {self.owned_from:%Y-%m-%d}"


class CommissionRate(models.Model):
    """The platform's share of gross, in basis points, from a moment on; the first one also counts before it."""

    id = uuid7_key()
    bps = models.PositiveIntegerField()
    effective_from = models.DateTimeField(unique=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "commission_rates"
        constraints = [models.CheckConstraint(condition=Q(bps__lte=10_000), name="commission_is_a_share")]

    def __str__(self) -> str:
        return f"{self.bps / 100:g} %"


class BillingSource(models.Model):
    """A system that issues billing records; record ids are unique within one."""

    id = models.BigAutoField(primary_key=True)
    name = ExternalIdField(unique=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "billing_sources"
        constraints = [is_external_id("name")]

    def __str__(self) -> str:
        return self.name


class BillingBatch(models.Model):
    """Records that came together; `posted_at` null means that they are not in the earnings yet."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(BillingSource, models.PROTECT, related_name="batches")
    origin = models.CharField(max_length=255)
    accepted = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField(db_default=Now())
    posted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "billing_batches"
        verbose_name_plural = "billing batches"
        indexes = [
            models.Index(fields=["id"], condition=Q(posted_at__isnull=True), name="batch_unposted"),
            models.Index(fields=["posted_at"], name="batch_by_posting"),
        ]

    def __str__(self) -> str:
        return f"{self.origin} #{self.pk}"


class RecordKind(models.TextChoices):
    """What happened; it gives the amount its sign in the creator's gross."""

    CHARGE = "charge", "Charge"
    REFUND = "refund", "Refund"
    REFUND_REVERSAL = "refund_reversal", "Refund reversal"
    CHARGEBACK = "chargeback", "Chargeback"
    CHARGEBACK_REVERSAL = "chargeback_reversal", "Chargeback reversal"


class BillingRecord(models.Model):
    """One accepted charge, refund, chargeback or reversal; append-only.

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
        ]

    def __str__(self) -> str:
        return self.record_id


class ChargeTakeback(models.Model):
    """How much of a charge its refunds and chargebacks took back, net of their reversals; never more than all."""

    charge = models.OneToOneField(BillingRecord, models.PROTECT, primary_key=True, related_name="takeback")
    amount = models.BigIntegerField()
    taken_back = models.BigIntegerField(default=0)

    class Meta:
        db_table = "charge_takebacks"
        constraints = [
            models.CheckConstraint(
                condition=Q(taken_back__gte=0, taken_back__lte=F("amount")), name="no_more_than_the_charge"
            )
        ]

    def __str__(self) -> str:
        return f"{self.taken_back} of {self.amount}"


class Reason(models.TextChoices):
    """Why a record can't be used; the first that applies, in this order. A conflict is told apart in counts."""

    CONFLICT = "conflict", "Another record has this id"
    SYNTAX = "syntax", "Not a billing record"
    AMOUNT_NOT_INTEGER = "amount_not_integer", "Amount is not a whole number of minor units"
    AMOUNT_NOT_POSITIVE = "amount_not_positive", "Amount is not positive"
    CURRENCY_UNKNOWN = "currency_unknown", "Unknown currency"
    CURRENCY_NOT_PAID = "currency_not_paid", "No payouts are made in this currency"
    TIME_INVALID = "time_invalid", "Not a time with its offset"
    TIME_IN_FUTURE = "time_in_future", "Lies in the future"
    API_UNKNOWN = "api_unknown", "Unknown API"
    OWNER_UNKNOWN = "owner_unknown", "The API has no owner"
    OWNER_MISMATCH = "owner_mismatch", "The API belonged to someone else"
    CHARGE_UNKNOWN = "charge_unknown", "The charge it takes from is unknown"
    EXCEEDS_CHARGE = "exceeds_charge", "Takes back more than is left of its charge"


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
            )
        ]

    def __str__(self) -> str:
        return f"{self.record_id or 'a line'}: {self.get_reason_display()}"


class CreatorEarning(models.Model):
    """One creator's earnings from one API in one period, in one currency, at one commission rate.

    All amounts are signed minor units. The database derives `platform_fee` and `net` from `gross`, halves away
    from zero, so no batching of records can move a cent. An open row (`closed_at` null) takes what still
    arrives; a payout closes the rows that it claims, and a closed row never changes again but for `payout`.
    An adjustment is a closed row without an API.
    """

    id = uuid7_key()
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="earnings", db_index=False)
    api = models.ForeignKey(Api, models.PROTECT, related_name="earnings", null=True, blank=True)
    period_start = models.DateField()
    period_end = models.DateField()
    currency = models.CharField(max_length=3)
    commission_bps = models.PositiveIntegerField()
    gross = models.BigIntegerField()
    platform_fee = GeneratedField(
        expression=Func(
            F("gross"),
            F("commission_bps"),
            function="round",
            template="%(function)s(%(expressions)s / 10000)",
            arg_joiner="::numeric * ",
        ),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    net = GeneratedField(
        expression=F("gross")
        - Func(
            F("gross"),
            F("commission_bps"),
            function="round",
            template="%(function)s(%(expressions)s / 10000)",
            arg_joiner="::numeric * ",
        ),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    previous_platform_fee = models.BigIntegerField(default=0, editable=False)
    refunds = models.BigIntegerField(default=0)
    transactions = models.PositiveBigIntegerField(default=0)
    api_calls = models.PositiveBigIntegerField(default=0)
    description = models.CharField(max_length=255, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    payout = models.ForeignKey(
        "payouts.Payout", models.PROTECT, related_name="claimed_earnings", null=True, blank=True
    )
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "creator_earnings"
        constraints = [
            models.UniqueConstraint(
                fields=["creator", "api", "currency", "period_start", "period_end", "commission_bps"],
                condition=Q(closed_at__isnull=True),
                name="earning_has_one_open_row",
            ),
            models.CheckConstraint(
                condition=Q(period_start__lt=F("period_end")), name="earning_period_is_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=False) | Q(payout__isnull=True, api__isnull=False),
                name="earning_claimed_or_adjusting_is_closed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["creator", "currency"], condition=Q(payout__isnull=True), name="earning_unclaimed"
            ),
            models.Index(fields=["creator", "api", "period_start"], name="earning_by_creator"),
            models.Index(fields=["period_start", "currency"], name="earning_by_period"),
        ]

    def __str__(self) -> str:
        return f"{self.period_start:%Y-%m}"


class EarningPosting(models.Model):
    """What one batch added to one earning: the way from a row to its records."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(BillingBatch, models.PROTECT, related_name="postings")
    earning = models.ForeignKey(CreatorEarning, models.PROTECT, related_name="postings", db_index=False)
    gross = models.BigIntegerField()
    refunds = models.BigIntegerField()
    transactions = models.BigIntegerField()
    api_calls = models.BigIntegerField()

    class Meta:
        db_table = "earning_postings"
        constraints = [
            models.UniqueConstraint(fields=["earning", "batch"], name="batch_is_posted_to_an_earning_once")
        ]

    def __str__(self) -> str:
        return f"{self.gross:+}"
