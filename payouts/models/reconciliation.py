"""A pass of reconciliation: which time it looked at, and what came of it."""

from django.db import models

from database.fields import uuid7_key


class ReconciliationPass(models.Model):
    """One comparison of Stripe with what is written here, of all that moved from `since` on.

    `finished_at` null: under way, or it died (`error` says of what, if it could). `totals` is, by currency, what
    the window's transfers moved at Stripe and in the books, in minor units. `unread` counts the connected
    accounts and objects that Stripe did not tell of this time; the next pass looks at them again.
    """

    id = uuid7_key()
    since = models.DateTimeField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    transfers = models.PositiveIntegerField(default=0)
    transactions = models.PositiveIntegerField(default=0)
    bank_payouts = models.PositiveIntegerField(default=0)
    unread = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    mended = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        db_table = "reconciliation_passes"
        verbose_name_plural = "reconciliation passes"

    def __str__(self) -> str:
        return f"Since {self.since:%Y-%m-%d %H:%M}"
