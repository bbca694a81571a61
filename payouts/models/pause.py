"""Pauses of sending, either of everything or of one currency."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from database.fields import uuid7_key


class PauseCause(models.TextChoices):
    KEY_REFUSED = "key_refused", "Stripe refuses our key"
    STAFF = "staff", "Paused by staff"
    REFUSALS = "refusals", "Stripe refuses many creators in a row"
    SHORT = "short", "The balance at Stripe is too low"


class SendingPause(models.Model):
    """A reason not to send, open until it is lifted; at most one open per cause and currency.

    Without a currency it stops all sending: both legs, and every attempt in doubt; after refusals, only payouts of
    which nothing was sent yet. With a currency it stops only such payouts in it: they need `needed`, and Stripe has
    `available`, in minor units. They are sent in the order of their ids. Those up to `covered_until` can be paid and
    are sent; a smaller one further back never overtakes. From `probe_at` on, the sweep checks whether the pause is
    over.
    """

    id = uuid7_key()
    cause = models.CharField(max_length=16, choices=PauseCause.choices)
    currency = models.CharField(max_length=3, blank=True)
    detail = models.TextField()
    needed = models.BigIntegerField(null=True, blank=True)
    available = models.BigIntegerField(null=True, blank=True)
    covered_until = models.UUIDField(null=True, blank=True)
    probe_at = models.DateTimeField()
    started_by = models.CharField(max_length=255)
    started_at = models.DateTimeField(db_default=Now())
    lifted_by = models.CharField(max_length=255, blank=True)
    lift_reason = models.TextField(blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "sending_pauses"
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "currency"], condition=Q(lifted_at__isnull=True), name="pause_is_open_once"
            ),
            models.CheckConstraint(
                condition=(Q(cause=PauseCause.SHORT) & ~Q(currency=""))
                | (~Q(cause=PauseCause.SHORT) & Q(currency="")),
                name="pause_for_funds_names_its_currency",
            ),
        ]

    def __str__(self) -> str:
        return self.detail

    @property
    def missing(self) -> int | None:
        """How much must be added to pay all that is waiting; None until the balance is known."""
        if self.needed is None or self.available is None:
            return None
        return max(self.needed - self.available, 0)
