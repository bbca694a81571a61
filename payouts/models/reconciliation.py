"""A reconciliation pass: the time it covers, and its results."""

from django.db import models

from database.fields import uuid7_key


class ReconciliationPass(models.Model):
    """One comparison of Stripe with our records, of everything that moved since `since`.

    `finished_at` is null while it runs, and if it died. `error` says why it died, if known, or what a finished pass
    could not read. `totals` is what the pass's transfers moved at Stripe and in the books, by currency, in minor
    units. `accounts` counts the connected accounts that were read, and `accounts_left` those that the next pass reads.
    `unread` counts the connected accounts and objects that Stripe didn't show this time; the next pass reads them
    again.
    """

    id = uuid7_key()
    since = models.DateTimeField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    transfers = models.PositiveIntegerField(default=0)
    transactions = models.PositiveIntegerField(default=0)
    bank_payouts = models.PositiveIntegerField(default=0)
    accounts = models.PositiveIntegerField(default=0)
    accounts_left = models.PositiveIntegerField(default=0)
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
        return f"Pass of {self.started_at:%-d %b %Y, %H:%M}"


class AccountListing(models.Model):
    """When a pass last listed the bank payouts of a connected account."""

    account = models.CharField(primary_key=True, max_length=255)
    listed_at = models.DateTimeField()

    class Meta:
        db_table = "account_listings"

    def __str__(self) -> str:
        return self.account
