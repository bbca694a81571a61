"""Earnings, and the trail from them back to their records."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, GeneratedField, Q
from django.db.models.functions import Now

from accounts.models import Creator
from database.fields import uuid7_key
from earnings.models.billing import Posting
from earnings.models.catalog import Api
from money import Money, format_month


class CreatorEarning(models.Model):
    """One creator's earnings from one API in one period, in one currency, at one commission rate.

    All amounts are signed minor units. The database derives `platform_fee` and `net` from `gross`, rounding halves
    away from zero, so the result doesn't depend on how records are batched. Late records are added to the open row
    (`closed_at` null). A payout closes the rows it claims; after that only `payout` can change.
    An adjustment is a closed row without an API. A period never spans two months (a CHECK in the migrations).
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
            models.Index(fields=["creator", "period_start", "api"], name="earning_by_creator"),
            models.Index(fields=["period_start", "currency"], name="earning_by_period"),
        ]

    def __str__(self) -> str:
        return format_month(self.period_start)


class PaidTotal(models.Model):
    """What a creator was paid for one API in one currency; without an API, for adjustments.

    The sum of the earnings in paid payouts, kept so that nobody has to add up a creator's history. It changes when
    a payout becomes paid, or stops being paid. `last_updated` is when a record was last added to one of the earnings.
    """

    id = models.BigAutoField(primary_key=True)
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="paid_totals", db_index=False)
    api = models.ForeignKey(Api, models.PROTECT, related_name="+", null=True, blank=True, db_index=False)
    currency = models.CharField(max_length=3)
    gross = models.BigIntegerField()
    net = models.BigIntegerField()
    last_updated = models.DateTimeField()

    class Meta:
        db_table = "paid_totals"
        constraints = [
            models.UniqueConstraint(
                fields=["creator", "api", "currency"], nulls_distinct=False, name="paid_total_is_one_row"
            )
        ]

    def __str__(self) -> str:
        return str(Money(self.net, self.currency))


class EarningPosting(models.Model):
    """What one posting added to one earning, and from which batches: the trail from a row to its records.

    As with records, a trigger checks the foreign keys once per statement.
    """

    id = models.BigAutoField(primary_key=True)
    posting = models.ForeignKey(Posting, models.PROTECT, db_constraint=False, related_name="traces")
    earning = models.ForeignKey(
        CreatorEarning, models.PROTECT, db_index=False, db_constraint=False, related_name="postings"
    )
    batches = ArrayField(models.BigIntegerField())
    gross = models.BigIntegerField()
    refunds = models.BigIntegerField()
    transactions = models.BigIntegerField()
    api_calls = models.BigIntegerField()

    class Meta:
        db_table = "earning_postings"
        constraints = [
            models.UniqueConstraint(fields=["earning", "posting"], name="posting_adds_to_an_earning_once")
        ]

    def __str__(self) -> str:
        return f"{self.gross:+}"
