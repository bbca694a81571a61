"""What staff have submitted in the console's dialogs, so that nothing is done twice."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Outcome(models.TextChoices):
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    UNKNOWN = "unknown", "Unknown"


class Submission(models.Model):
    """One confirmed dialog. Its form carries the token, so a repeated request meets the row of the first.

    Without an outcome, it is being carried out, or the process died while it was. What it changed is in the audit
    log; `message` is only what the member of staff was told, and `link` the address behind it.
    """

    token = models.UUIDField(primary_key=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_index=False)
    act = models.CharField(max_length=64)
    begun_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)
    message = models.TextField(blank=True)
    link = models.TextField(blank=True)

    class Meta:
        db_table = "console_submissions"
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="")
                | (Q(ended_at__isnull=False) & ~Q(outcome="") & ~Q(message="")),
                name="submission_ended_has_its_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.token}"
