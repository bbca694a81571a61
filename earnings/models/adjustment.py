"""Manual adjustments: proposed by one person, and booked once another approves."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.db.models.lookups import Exact

from accounts.models import Creator
from database.fields import act_key, uuid7_key
from database.staff import SYSTEM, PersonBehind
from earnings.models.earning import CreatorEarning
from ledger.models import LedgerTransaction
from money import Money


class AdjustmentKind(models.TextChoices):
    """Why a creator is owed more or less; it determines the ledger account on the other side."""

    CORRECTION = "correction", "Correction"
    WRITE_OFF = "write_off", "Write-off"
    WRITE_OFF_UNDONE = "write_off_undone", "Write-off undone by later earnings"
    WRITE_OFF_RESTORED = "write_off_restored", "Write-off restored"
    UNEXPECTED_TRANSFER = "unexpected_transfer", "Unexpected transfer"
    UNEXPECTED_TRANSFER_REVERSED = "unexpected_transfer_reversed", "Unexpected transfer reversed"
    CARRIED_OVER = "carried_over", "Carried over"


# These change how much of a write-off is in effect.
UNDOING = (AdjustmentKind.WRITE_OFF_UNDONE, AdjustmentKind.WRITE_OFF_RESTORED)
# The service books these by itself, without approval.
AUTOMATIC = (
    *UNDOING,
    AdjustmentKind.UNEXPECTED_TRANSFER,
    AdjustmentKind.UNEXPECTED_TRANSFER_REVERSED,
    AdjustmentKind.CARRIED_OVER,
)


class AdjustmentStatus(models.TextChoices):
    PROPOSED = "proposed", "Proposed"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"


class Adjustment(models.Model):
    """A signed amount, in minor units: positive if the creator is owed more, negative if less.

    Approval books it as a closed row of `creator_earnings`, which the next payout claims like any other.
    `source_key` identifies the fact behind an automatic adjustment, so that it is booked once. An adjustment that
    `counts_as_earned` undoes write-offs first. One that undoes or restores a write-off names it in `write_off`.

    Two fields are for write-offs only. `undone_before` is what was undone by old rows that name no `write_off`.
    Earnings count towards the write-off from the ledger transaction `counted_from` on: its own, unless the write-off
    is older than this rule.
    """

    id = uuid7_key()
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="adjustments")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    kind = models.CharField(max_length=32, choices=AdjustmentKind.choices)
    counts_as_earned = models.BooleanField(db_default=False)
    write_off = models.ForeignKey(
        "self", models.PROTECT, related_name="undoings", null=True, blank=True, editable=False
    )
    undone_before = models.BigIntegerField(db_default=0, editable=False)
    counted_from = models.ForeignKey(
        LedgerTransaction,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        editable=False,
    )
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
    proposal_act = act_key()
    decision_act = act_key()
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
                | Q(proposed_by=SYSTEM, kind__in=AUTOMATIC),
                name="adjustment_needs_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(status=AdjustmentStatus.DECLINED) | Q(decide_reason__regex=r"\S"),
                name="adjustment_declined_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=UNDOING, write_off__isnull=False)
                | (~Q(kind__in=UNDOING) & Q(write_off__isnull=True)),
                name="adjustment_undoing_names_its_write_off",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[AdjustmentKind.WRITE_OFF, *UNDOING, AdjustmentKind.CARRIED_OVER],
                    counts_as_earned=False,
                )
                | (Q(kind=AdjustmentKind.CORRECTION) & (Q(amount__gt=0) | Q(counts_as_earned=True)))
                | Q(
                    kind__in=[
                        AdjustmentKind.UNEXPECTED_TRANSFER,
                        AdjustmentKind.UNEXPECTED_TRANSFER_REVERSED,
                    ],
                    counts_as_earned=True,
                ),
                name="adjustment_counts_as_its_kind_says",
            ),
        ]
        indexes = [
            models.Index(
                fields=["creator", "currency"],
                condition=Q(kind="write_off", status="approved"),
                name="adjustment_written_off",
            ),
            models.Index(fields=["id"], condition=Q(status="proposed"), name="adjustment_proposed"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {Money(self.amount, self.currency)}"


class EarnedSince(models.Model):
    """What a creator earned in one period since their latest write-off in a currency, in signed minor units.

    `undone_before` is how much of earlier write-offs was already undone in this period when the latest one was booked.
    """

    id = models.BigAutoField(primary_key=True)
    write_off = models.ForeignKey(Adjustment, models.PROTECT, related_name="earned_since", db_index=False)
    period_end = models.DateField()
    undone_before = models.BigIntegerField(default=0)
    earned = models.BigIntegerField(default=0)

    class Meta:
        db_table = "earned_since_write_offs"
        constraints = [
            models.UniqueConstraint(fields=["write_off", "period_end"], name="earned_since_is_one_row")
        ]

    def __str__(self) -> str:
        return f"{self.earned:+}"
