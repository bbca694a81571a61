"""The double-entry ledger.

Entries are signed: credits are positive, debits negative, and each transaction sums to zero in each currency. So
what the platform owes or has earned (payables, fees) is positive, and what it holds or is owed (receipts) is
negative. Triggers refuse unbalanced transactions, and every update or delete.
"""

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from money import Money


class AccountKind(models.TextChoices):
    CREATOR_PAYABLE = "creator_payable", "Creator payable"
    PAYOUTS_RESERVED = "payouts_reserved", "Payouts reserved"
    RECEIPTS = "receipts", "Receipts"
    PLATFORM_FEES = "platform_fees", "Platform fees"
    STRIPE_BALANCE = "stripe_balance", "Stripe balance"
    ADJUSTMENTS = "adjustments", "Adjustments"
    WRITE_OFFS = "write_offs", "Write-offs"
    FX_DIFFERENCE = "fx_difference", "FX difference"
    SUSPENSE = "suspense", "Suspense"


PER_CREATOR = (AccountKind.CREATOR_PAYABLE, AccountKind.PAYOUTS_RESERVED)
PLATFORM = UUID(int=0)


class LedgerAccount(models.Model):
    """One account of a creator or of the platform, in one currency.

    `owner_id` is the creator's id, or the nil UUID for the platform. `balance` is the sum of a creator's
    entries. The platform's accounts have no balance, so that payments don't all wait for the same row.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=32, choices=AccountKind.choices)
    owner_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    balance = models.BigIntegerField(null=True)

    class Meta:
        db_table = "ledger_accounts"
        constraints = [
            models.UniqueConstraint(fields=["owner_id", "kind", "currency"], name="ledger_account_is_unique"),
            models.CheckConstraint(
                condition=(Q(kind__in=PER_CREATOR, balance__isnull=False) & ~Q(owner_id=PLATFORM))
                | (~Q(kind__in=PER_CREATOR) & Q(owner_id=PLATFORM, balance__isnull=True)),
                name="ledger_account_kind_fits_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.currency}"


class LedgerTransaction(models.Model):
    """One balanced set of entries; `source_key` identifies what it books, so that it is booked once."""

    id = models.BigAutoField(primary_key=True)
    source_key = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "ledger_transactions"

    def __str__(self) -> str:
        return self.source_key


class LedgerEntry(models.Model):
    """One line of a transaction, in signed minor units: credits positive, debits negative, never zero."""

    id = models.BigAutoField(primary_key=True)
    transaction = models.ForeignKey(LedgerTransaction, models.PROTECT, related_name="entries")
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="entries")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField(null=True)

    class Meta:
        db_table = "ledger_entries"
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=["account", "id"], name="ledger_entry_by_account")]
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="ledger_entry_moves_something")]

    def __str__(self) -> str:
        return str(Money(self.amount, self.currency))
