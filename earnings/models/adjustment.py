"""Corrections by hand: proposed by one person, approved by another, and only then booked."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.db.models.lookups import Exact

from accounts.models import Creator
from database.fields import uuid7_key
from database.staff import SYSTEM, PersonBehind
from earnings.models.earning import CreatorEarning


class AdjustmentKind(models.TextChoices):
    """Why a creator is owed more or less; it names the ledger account on the other side."""

    CORRECTION = "correction", "Correction"
    WRITE_OFF = "write_off", "Write-off of what the creator owes"
    WRITE_OFF_UNDONE = "write_off_undone", "Write-off undone by later earnings"
    UNEXPECTED_TRANSFER = "unexpected_transfer", "Transfer found for a payout that had ended"
    UNEXPECTED_TRANSFER_REVERSED = "unexpected_transfer_reversed", "That transfer reversed"


# Facts that the service finds out by itself need nobody's approval.
FOUND_OUT = (
    AdjustmentKind.WRITE_OFF_UNDONE,
    AdjustmentKind.UNEXPECTED_TRANSFER,
    AdjustmentKind.UNEXPECTED_TRANSFER_REVERSED,
)


class AdjustmentStatus(models.TextChoices):
    PROPOSED = "proposed", "Proposed"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"


class Adjustment(models.Model):
    """A signed amount, in minor units, that a creator is owed more (or, negative, less).

    Once approved it is a closed row of `creator_earnings` like any other, to be claimed by the next payout.
    `source_key` names the fact behind an adjustment that the service books by itself, once.
    """

    id = uuid7_key()
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="adjustments")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    kind = models.CharField(max_length=32, choices=AdjustmentKind.choices)
    reason = models.TextField()
    status = models.CharField(
        max_length=8, choices=AdjustmentStatus.choices, default=AdjustmentStatus.PROPOSED
    )
    source_key = models.CharField(max_length=255, unique=True, null=True, blank=True)
    proposed_by = models.CharField(max_length=255)
    proposed_at = models.DateTimeField(db_default=Now())
    decided_by = models.CharField(max_length=255, blank=True)
    decide_reason = models.TextField(blank=True, db_default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    earning = models.OneToOneField(
        CreatorEarning, models.PROTECT, related_name="adjustment", null=True, blank=True
    )

    class Meta:
        db_table = "adjustments"
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="adjustment_changes_something"),
            models.CheckConstraint(
                condition=Q(status=AdjustmentStatus.PROPOSED, decided_at__isnull=True, decided_by="")
                | (~Q(status=AdjustmentStatus.PROPOSED) & Q(decided_at__isnull=False) & ~Q(decided_by="")),
                name="adjustment_decided_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(status=AdjustmentStatus.APPROVED, earning__isnull=False)
                | (~Q(status=AdjustmentStatus.APPROVED) & Q(earning__isnull=True)),
                name="adjustment_approved_is_booked",
            ),
            models.CheckConstraint(
                condition=~Q(status=AdjustmentStatus.APPROVED)
                | ~Q(Exact(PersonBehind("decided_by"), PersonBehind("proposed_by")))
                | Q(proposed_by=SYSTEM, kind__in=FOUND_OUT),
                name="adjustment_needs_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(status=AdjustmentStatus.DECLINED) | Q(decide_reason__regex=r"\S"),
                name="adjustment_declined_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["creator", "currency"],
                condition=Q(kind__in=["write_off", "write_off_undone"], status="approved"),
                name="adjustment_written_off",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount:+} {self.currency}"
