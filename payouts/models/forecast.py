"""What the next run will need of the platform's balance at Stripe."""

from django.db import models
from django.db.models.functions import Now

from database.fields import uuid7_key


class Forecast(models.Model):
    """What a run to come was last expected to pay in one currency, beside what Stripe had; minor units.

    `waiting` is in payouts already that haven't left the balance, `next_run` what the run up to `cutoff` would pay if
    nothing more were sold.
    """

    id = uuid7_key()
    cutoff = models.DateField()
    currency = models.CharField(max_length=3)
    waiting = models.BigIntegerField()
    next_run = models.BigIntegerField()
    available = models.BigIntegerField()
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "payout_forecasts"
        constraints = [
            models.UniqueConstraint(fields=["cutoff", "currency"], name="forecast_once_for_a_cutoff")
        ]

    def __str__(self) -> str:
        return f"{self.currency} for the run up to {self.cutoff:%-d %b %Y}"

    @property
    def needed(self) -> int:
        return self.waiting + self.next_run

    @property
    def missing(self) -> int:
        """What must be added to the balance until all can be paid."""
        return max(self.needed - max(self.available, 0), 0)
