"""Holds on creators."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.creators import Creator
from database.fields import act_key, uuid7_key


class HoldSource(models.TextChoices):
    STAFF = "staff", "Staff"
    STRIPE = "stripe", "Stripe"
    SYSTEM = "system", "System"
    CREATOR = "creator", "Creator"


class Hold(models.Model):
    """A reason not to pay a creator, open until its source lifts it.

    A hold with `expires_at` is a cool-down: the creator's destination changed, and whoever changed it has to wait.
    Runs still create payouts, which are held until it expires or staff end it. A hold with `until_paid_elsewhere` is
    placed because payouts keep failing, and ends once the creator has another destination.
    """

    id = uuid7_key()
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="holds")
    source = models.CharField(max_length=8, choices=HoldSource.choices)
    reason = models.TextField()
    placed_by = models.CharField(max_length=255)
    placed_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    until_paid_elsewhere = models.BooleanField(default=False)
    lifted_by = models.CharField(max_length=255, blank=True)
    lift_reason = models.TextField(blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    act = act_key()
    lift_act = act_key()

    class Meta:
        db_table = "holds"
        indexes = [
            models.Index(fields=["creator"], condition=Q(lifted_at__isnull=True), name="hold_open_by_creator")
        ]

    def __str__(self) -> str:
        return self.reason
