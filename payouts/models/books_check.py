"""The checks of the books, and what each of their validations found."""

from django.db import models
from django.db.models.functions import Now


class BooksVerdict(models.TextChoices):
    """What a check, or one of its validations, came to; derived from what it found."""

    HOLDS = "holds", "OK"
    FAILED = "failed", "Failed"


class BooksCheck(models.Model):
    """One check of the books, on the snapshot of `started_at`; it holds if nothing `failed`.

    `is_whole` if it read all of the books, and not only what was new since the last checkpoint.
    """

    id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(db_default=Now())
    is_whole = models.BooleanField()
    validations = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()

    class Meta:
        db_table = "books_checks"

    def __str__(self) -> str:
        return f"Check of {self.started_at:%-d %b %Y, %H:%M}"


class BooksResult(models.Model):
    """The result of one validation: its first findings (none if it holds), and how long it took."""

    id = models.BigAutoField(primary_key=True)
    books_check = models.ForeignKey(BooksCheck, models.PROTECT, related_name="results", db_index=False)
    validation = models.CharField(max_length=128)
    findings = models.JSONField(default=list)
    took = models.DurationField()

    class Meta:
        db_table = "books_results"
        constraints = [
            models.UniqueConstraint(
                fields=["books_check", "validation"], name="books_result_is_one_per_check"
            )
        ]

    def __str__(self) -> str:
        return self.validation.replace("_", " ").capitalize()

    @property
    def verdict(self) -> BooksVerdict:
        return BooksVerdict.FAILED if self.findings else BooksVerdict.HOLDS
