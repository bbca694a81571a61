"""Pauses of sending: of everything, of one currency, or of a run in one currency."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from database.fields import act_key, uuid7_key
from payouts.models.run import PayoutRun


class PauseCause(models.TextChoices):
    BEHIND_STRIPE = "behind_stripe", "The database is behind Stripe"
    KEY_REFUSED = "key_refused", "Stripe refuses our key"
    STAFF = "staff", "Paused by staff"
    REFUSALS = "refusals", "Stripe refuses many creators in a row"
    SHORT = "short", "The balance at Stripe is too low"
    RUN_SIZE = "run_size", "A run is far larger than usual"


OF_A_CURRENCY = (PauseCause.SHORT, PauseCause.RUN_SIZE)


class SendingPause(models.Model):
    """A reason not to send, open until it is lifted; at most one open per cause, currency and run.

    Without a currency it stops all sending: both legs, and every attempt in doubt; after refusals, only payouts of
    which nothing was sent yet. While the database is behind Stripe, no run is made either, until it is recovered. With
    a currency it stops only payouts in it of which nothing was sent yet: they need `needed`, and Stripe has
    `available`, in minor units. They are sent in the order of their ids. Those up to `covered_until` can be paid and
    are sent; a smaller one further back doesn't overtake, until those of more than `at_most` have waited too long.
    `refusals` counts how often in a row Stripe refused for lack of funds that its balance shows. From `probe_at` on,
    the sweep checks whether the pause is over. `refusal` is why Stripe refused, after refusals: a code, or a sentence
    without ids. With a run, it stops all such payouts of the run in that currency; `needed` is their sum.
    """

    id = uuid7_key()
    cause = models.CharField(max_length=16, choices=PauseCause.choices)
    currency = models.CharField(max_length=3, blank=True)
    run = models.ForeignKey(PayoutRun, models.PROTECT, null=True, blank=True, related_name="pauses")
    detail = models.TextField()
    needed = models.BigIntegerField(null=True, blank=True)
    available = models.BigIntegerField(null=True, blank=True)
    covered_until = models.UUIDField(null=True, blank=True)
    at_most = models.BigIntegerField(null=True, blank=True)
    refusals = models.PositiveIntegerField(db_default=0)
    refusal = models.TextField(blank=True)
    probe_at = models.DateTimeField()
    started_by = models.CharField(max_length=255)
    started_at = models.DateTimeField(db_default=Now())
    act = act_key()
    lift_act = act_key()
    lifted_by = models.CharField(max_length=255, blank=True)
    lift_reason = models.TextField(blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "sending_pauses"
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "currency", "run"],
                condition=Q(lifted_at__isnull=True),
                nulls_distinct=False,
                name="pause_is_open_once",
            ),
            models.CheckConstraint(
                condition=(Q(cause__in=OF_A_CURRENCY) & ~Q(currency=""))
                | (~Q(cause__in=OF_A_CURRENCY) & Q(currency="")),
                name="pause_of_a_currency_names_it",
            ),
            models.CheckConstraint(
                condition=(Q(cause=PauseCause.RUN_SIZE) & Q(run__isnull=False))
                | (~Q(cause=PauseCause.RUN_SIZE) & Q(run__isnull=True)),
                name="pause_of_a_run_names_it",
            ),
        ]

    def __str__(self) -> str:
        return self.detail

    @property
    def missing(self) -> int | None:
        """How much must be added to pay all that is waiting; None until the balance is known, and for a run."""
        if self.needed is None or self.available is None:
            return None
        return max(self.needed - self.available, 0)
