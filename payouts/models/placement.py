"""Placing what is in suspense: proposed by one person, and booked once another approves."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.db.models.lookups import Exact

from database.fields import act_key, uuid7_key
from database.staff import PersonBehind
from money import Money
from payouts.models.payout import Payout


class PlacementTarget(models.TextChoices):
    """Whose the money in suspense is."""

    CREATOR = "creator", "The creator's"
    PLATFORM = "platform", "The platform's"
    STRIPE_BALANCE = "stripe_balance", "Sent again at Stripe"


class PlacementStatus(models.TextChoices):
    PROPOSED = "proposed", "Proposed"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"


class SuspensePlacement(models.Model):
    """An amount, in minor units of the payout's currency, that leaves suspense for its place.

    It came back of a payout's transfer after the bank had the money, so it released no earnings.
    """

    id = uuid7_key()
    payout = models.ForeignKey(Payout, models.PROTECT, related_name="placements", db_index=False)
    amount = models.BigIntegerField()
    target = models.CharField(max_length=16, choices=PlacementTarget.choices)
    status = models.CharField(max_length=8, choices=PlacementStatus.choices, default=PlacementStatus.PROPOSED)
    reason = models.TextField()
    proposed_by = models.CharField(max_length=255)
    proposed_at = models.DateTimeField(db_default=Now())
    decided_by = models.CharField(max_length=255, blank=True)
    decide_reason = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    proposal_act = act_key()
    decision_act = act_key()

    class Meta:
        db_table = "suspense_placements"
        constraints = [
            models.UniqueConstraint(
                fields=["payout"],
                condition=Q(status=PlacementStatus.PROPOSED),
                name="placement_is_proposed_once",
            ),
            models.CheckConstraint(condition=Q(amount__gte=1), name="placement_places_something"),
            models.CheckConstraint(
                condition=Q(status=PlacementStatus.PROPOSED, decided_at__isnull=True, decided_by="")
                | (~Q(status=PlacementStatus.PROPOSED) & Q(decided_at__isnull=False) & ~Q(decided_by="")),
                name="placement_decided_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=PlacementStatus.APPROVED)
                | ~Q(Exact(PersonBehind("decided_by"), PersonBehind("proposed_by"))),
                name="placement_needs_a_second_person",
            ),
        ]
        indexes = [models.Index(fields=["payout"], name="placement_by_payout")]

    def __str__(self) -> str:
        return f"{self.money}: {self.get_target_display()}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.payout.currency)
