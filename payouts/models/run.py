"""Payout runs, one per cut-off, and their decisions."""

from datetime import date, timedelta

from django.db import models
from django.db.models.functions import Now

from accounts.models import Creator
from database.fields import uuid7_key
from payouts.states import DecisionReason


class PayoutRun(models.Model):
    """The run that pays every creator what was earned before `cutoff` (a day, UTC, exclusive), less later debts.

    `completed_at` is null while the run is being made, and if it died; making it again finishes it. Until then, none of
    its payouts is sent. A run that beat missed, and that a later one replaced, has `superseded_at` instead.
    """

    id = uuid7_key()
    cutoff = models.DateField(unique=True)
    created_at = models.DateTimeField(db_default=Now())
    completed_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "payout_runs"

    def __str__(self) -> str:
        return f"{self.last_day:%B} {self.last_day.year:04} run"

    @property
    def last_day(self) -> date:
        """The last day whose earnings the run pays."""
        return self.cutoff - timedelta(days=1)


class RunDecision(models.Model):
    """A run's latest decision for one creator and currency, and the amount it decided on (net, signed minor units)."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(PayoutRun, models.PROTECT, related_name="decisions", db_index=False)
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="run_decisions")
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=32, choices=DecisionReason.choices)
    amount = models.BigIntegerField()
    payout = models.ForeignKey(
        "payouts.Payout", models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    detail = models.TextField(blank=True)
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "payout_run_decisions"
        constraints = [
            models.UniqueConstraint(
                fields=["run", "creator", "currency"], name="run_decides_once_for_a_creator"
            )
        ]

    def __str__(self) -> str:
        return self.get_reason_display()
