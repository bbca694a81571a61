"""How much of the platform's Stripe balance the next run will need."""

from django.db import models
from django.db.models.functions import Now

from database.fields import uuid7_key


class Forecast(models.Model):
    """The latest forecast of a run in one currency, with Stripe's balance at the time; minor units.

    `waiting` is in existing payouts that haven't left the balance. `next_run` is what the run up to `cutoff` would
    pay if nothing more were sold. `by_reason` is what it would decide: `{reason: {"creators": …, "amount": …}}`.
    """

    id = uuid7_key()
    cutoff = models.DateField()
    currency = models.CharField(max_length=3)
    waiting = models.BigIntegerField()
    next_run = models.BigIntegerField()
    available = models.BigIntegerField()
    by_reason = models.JSONField(default=dict)
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
        """How much must be added to the balance to pay everything."""
        return max(self.needed - max(self.available, 0), 0)
