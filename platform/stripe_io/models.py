"""The webhook inbox, what was replayed from it, and the mode that this database serves."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from djstripe.models import Event


class StripeMode(models.TextChoices):
    SANDBOX = "sandbox", "Sandbox"
    TEST = "test", "Test"
    LIVE = "live", "Live"


class Installation(models.Model):
    """The one row that says which mode of Stripe this database serves."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    mode = models.CharField(max_length=8, choices=StripeMode.choices)
    installed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "installation"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="installation_is_one")]

    def __str__(self) -> str:
        return self.mode


class InboxOutcome(models.TextChoices):
    HANDLED = "handled", "Handled"
    SET_ASIDE = "set_aside", "Set aside"


class InboxEvent(models.Model):
    """A stored Stripe event on its way to its handler: handled once, or kept with its error and tried again."""

    event = models.OneToOneField(
        Event, models.PROTECT, to_field="id", primary_key=True, db_column="event_id", related_name="inbox"
    )
    type = models.CharField(max_length=250)
    account = models.CharField(max_length=255, blank=True)
    received_at = models.DateTimeField(db_default=Now())
    next_try_at = models.DateTimeField(db_default=Now())
    tries = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    outcome = models.CharField(max_length=16, choices=InboxOutcome.choices, blank=True)
    note = models.TextField(blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "stripe_inbox"
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(handled_at__isnull=True), name="inbox_unhandled_by_time"
            )
        ]

    def __str__(self) -> str:
        return self.type


class Replay(models.Model):
    """Someone's wish that a stored event be handled once more: who, why, and what had become of it before."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(InboxEvent, models.PROTECT, related_name="replays")
    actor = models.CharField(max_length=255)
    reason = models.TextField()
    outcome_before = models.CharField(max_length=16, choices=InboxOutcome.choices, blank=True)
    note_before = models.TextField(blank=True)
    asked_at = models.DateTimeField()

    class Meta:
        db_table = "stripe_replays"

    def __str__(self) -> str:
        return self.reason
