"""A payout, the lines that explain it, and the history of its states."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Creator
from database.fields import uuid7_key
from earnings.models import Api, CreatorEarning
from money import Money, format_month
from payouts.models.run import PayoutRun
from payouts.states import DEAD, FINISHED, IN_TROUBLE, PayoutStatus


class Payout(models.Model):
    """One payment to one creator; amounts in minor units, all positive.

    `reference` names it at Stripe, and `transfer_group` groups it there with the other payouts for the same creator,
    currency and cut-off, which `ordinal` counts from 1; see `payouts.identity`. Those from before payouts had
    references have their id as both.

    `next_retry_at` is when it is next due (to be sent, looked up or paid out to the bank); null when there is nothing
    to do. `taken_at` is when a worker took it. `arrival_amount` is what the transfer brought to the connected account
    and `bank_amount` what goes to the bank, both in `bank_currency`. `amount_reversed` is how much of the transfer
    came back, `amount_placed` how much of that left suspense (see SuspensePlacement), and `fx_loss` how much of a
    reversed one was lost to the exchange rate, all in the transfer's currency.
    `trace_id` is by what the bank finds the bank payout, once Stripe knows it.
    `first_failed_at` is when this payout failed, or the first of those that it retries; while it is failed, it is
    decided again at `next_retry_at`. `retry_number` counts the retries that the service makes by itself, on fixed days;
    0 for others.
    """

    id = uuid7_key()
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="payouts", db_index=False)
    run = models.ForeignKey(PayoutRun, models.PROTECT, related_name="payouts", null=True, blank=True)
    retry_of = models.OneToOneField("self", models.PROTECT, related_name="retried_as", null=True, blank=True)
    currency = models.CharField(max_length=3)
    ordinal = models.PositiveIntegerField()
    reference = models.CharField(max_length=36, unique=True)
    transfer_group = models.CharField(max_length=36)
    gross_amount = models.BigIntegerField()
    platform_fee = models.BigIntegerField()
    net_amount = models.BigIntegerField()
    period_start = models.DateField()
    period_end = models.DateField()
    status = models.CharField(max_length=16, choices=PayoutStatus.choices, default=PayoutStatus.PENDING)
    stripe_transfer_id = models.CharField(max_length=255, blank=True)
    stripe_payout_id = models.CharField(max_length=255, blank=True)
    destination_payment = models.CharField(max_length=255, blank=True)
    amount_reversed = models.BigIntegerField(db_default=0)
    amount_placed = models.BigIntegerField(db_default=0)
    fx_loss = models.BigIntegerField("lost to the exchange rate", db_default=0)
    arrival_amount = models.BigIntegerField(null=True, blank=True)
    bank_amount = models.BigIntegerField(null=True, blank=True)
    bank_currency = models.CharField(max_length=3, blank=True)
    arrival_date = models.DateField(null=True, blank=True)
    trace_id = models.CharField(max_length=255, blank=True, db_default="")
    trace_status = models.CharField(max_length=16, blank=True, db_default="")
    failure_code = models.CharField(max_length=64, blank=True)
    failure_message = models.TextField(blank=True)
    next_retry_at = models.DateTimeField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    errors = models.PositiveIntegerField(db_default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    first_failed_at = models.DateTimeField(null=True, blank=True)
    retry_number = models.PositiveSmallIntegerField(db_default=0)
    paid_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "payouts"
        constraints = [
            models.UniqueConstraint(
                fields=["creator", "currency", "run"],
                condition=~Q(status__in=DEAD),
                name="creator_has_one_live_payout_in_a_run",
            ),
            models.UniqueConstraint(
                fields=["run", "creator", "currency", "ordinal"], name="payout_is_counted_once"
            ),
            models.CheckConstraint(
                condition=Q(net_amount__gte=1, net_amount=F("gross_amount") - F("platform_fee")),
                name="payout_is_positive_and_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(amount_reversed__gte=0, amount_reversed__lte=F("net_amount"), fx_loss__gte=0)
                & (
                    Q(status=PayoutStatus.REVERSED, net_amount=F("amount_reversed") + F("fx_loss"))
                    | (~Q(status=PayoutStatus.REVERSED) & Q(fx_loss=0))
                ),
                name="payout_reversed_came_back_whole",
            ),
            models.CheckConstraint(
                condition=~Q(status=PayoutStatus.PAID) | Q(paid_at__isnull=False),
                name="payout_paid_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(amount_placed__gte=0, amount_placed__lte=F("amount_reversed")),
                name="payout_places_what_came_back",
            ),
        ]
        indexes = [
            models.Index(fields=["creator", "-created_at", "-id"], name="payout_by_creator"),
            models.Index(
                fields=["creator"], condition=~Q(status__in=FINISHED), name="payout_unfinished_by_creator"
            ),
            models.Index(
                fields=["next_retry_at", "id"], condition=Q(next_retry_at__isnull=False), name="payout_due"
            ),
            models.Index(
                fields=["status", "failure_code"],
                condition=Q(status__in=IN_TROUBLE),
                name="payout_in_trouble",
            ),
            models.Index(
                fields=["id"], condition=Q(amount_reversed__gt=F("amount_placed")), name="payout_in_suspense"
            ),
            models.Index(fields=["id"], condition=Q(errors__gt=0), name="payout_failing"),
            models.Index(fields=["transfer_group"], name="payout_by_transfer_group"),
            models.Index(fields=["taken_at"], condition=Q(taken_at__isnull=False), name="payout_taken"),
            models.Index(
                fields=["currency", "bank_currency", "-created_at"],
                condition=~Q(bank_currency="") & ~Q(bank_currency=F("currency")),
                name="payout_converted",
            ),
            models.Index(
                fields=["stripe_transfer_id"], condition=~Q(stripe_transfer_id=""), name="payout_by_transfer"
            ),
            models.Index(
                fields=["stripe_payout_id"], condition=~Q(stripe_payout_id=""), name="payout_by_bank_payout"
            ),
            models.Index(
                fields=["destination_payment"], condition=~Q(destination_payment=""), name="payout_by_payment"
            ),
            models.Index(fields=["created_at"], name="payout_by_time"),
            models.Index(fields=["trace_id"], condition=~Q(trace_id=""), name="payout_by_trace_id"),
            models.Index(
                fields=["status", "-id"], condition=~Q(status=PayoutStatus.PAID), name="payout_not_paid"
            ),
            models.Index(
                fields=["failure_code", "-id"], condition=~Q(failure_code=""), name="payout_by_failure"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.net} to {self.creator_id}"

    @property
    def in_suspense(self) -> Money:
        """What came back of the transfer, released no earnings and isn't placed yet."""
        return Money(self.amount_reversed - self.amount_placed, self.currency)

    @property
    def net(self) -> Money:
        return Money(self.net_amount, self.currency)


class PayoutLineItem(models.Model):
    """One claimed earning, as it was when the payout was made. Never edited, even if the payout fails."""

    id = uuid7_key()
    payout = models.ForeignKey(Payout, models.PROTECT, related_name="line_items", db_index=False)
    earning = models.ForeignKey(CreatorEarning, models.PROTECT, related_name="line_items")
    api = models.ForeignKey(Api, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    description = models.CharField(max_length=255, blank=True)
    period_start = models.DateField()
    period_end = models.DateField()
    commission_bps = models.PositiveIntegerField()
    gross_revenue = models.BigIntegerField()
    platform_fee = models.BigIntegerField()
    net_revenue = models.BigIntegerField()
    total_subscriptions = models.PositiveBigIntegerField()
    total_api_calls = models.PositiveBigIntegerField()

    class Meta:
        db_table = "payout_line_items"
        constraints = [
            models.UniqueConstraint(fields=["payout", "earning"], name="payout_has_an_earning_once"),
            models.CheckConstraint(
                condition=Q(net_revenue=F("gross_revenue") - F("platform_fee")), name="line_adds_up"
            ),
        ]

    def __str__(self) -> str:
        return self.description or format_month(self.period_start)


class PayoutEvent(models.Model):
    """One move of a payout to another state: who or what moved it, why, and when."""

    id = models.BigAutoField(primary_key=True)
    payout = models.ForeignKey(Payout, models.PROTECT, related_name="events")
    from_status = models.CharField(max_length=16, choices=PayoutStatus.choices, blank=True)
    to_status = models.CharField(max_length=16, choices=PayoutStatus.choices)
    actor = models.CharField(max_length=255)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "payout_events"
        indexes = [models.Index(fields=["at"], name="payout_event_by_time")]

    def __str__(self) -> str:
        return f"{self.from_status or 'new'} → {self.to_status}"
