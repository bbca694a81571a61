"""How far the books were found to hold, so that the next check begins there."""

from django.db import models

from ledger.models import LedgerAccount


class BooksCheckpoint(models.Model):
    """A check of the books that found nothing wrong, on the snapshot of `checked_at`.

    The ids are the last of their tables that had settled by then: everything up to them was checked, by this check or
    an earlier one. `is_whole` if this check read all of the books.
    """

    id = models.BigAutoField(primary_key=True)
    checked_at = models.DateTimeField()
    is_whole = models.BooleanField()
    last_batch = models.BigIntegerField()
    last_posting = models.BigIntegerField()
    last_transaction = models.BigIntegerField()
    last_entry = models.BigIntegerField()
    last_event = models.BigIntegerField()

    class Meta:
        db_table = "books_checkpoints"

    def __str__(self) -> str:
        return f"Sound at {self.checked_at:%Y-%m-%d %H:%M}"


class CheckpointBalance(models.Model):
    """The sum of a platform account's entries up to the checkpoint's `last_entry`, in signed minor units."""

    id = models.BigAutoField(primary_key=True)
    checkpoint = models.ForeignKey(BooksCheckpoint, models.CASCADE, related_name="balances", db_index=False)
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="+", db_index=False)
    amount = models.DecimalField(max_digits=30, decimal_places=0)

    class Meta:
        db_table = "books_checkpoint_balances"
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "account"], name="checkpoint_has_a_balance_once")
        ]

    def __str__(self) -> str:
        return f"{self.amount:+}"
