"""Shared parts of all histories of changed fields."""

from dataclasses import dataclass
from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from database.fields import act_key
from database.staff import Act


class Way(models.TextChoices):
    """How a change came in."""

    PUSH = "push", "Push"
    FILE = "file", "File"
    TABLES = "tables", "Shared tables"
    TOKEN = "token", "Creator's token"
    STAFF = "staff", "Staff"
    UPGRADE = "upgrade", "Upgrade"


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something.

    `actor` is a token's subject, a file's name or the signature of staff. `source` is the billing source, if the
    change comes from one. Staff give a reason, and `act_id` is the row that records their act.
    """

    way: Way
    actor: str = ""
    source: str = ""
    reason: str = ""
    act_id: UUID | None = None

    @classmethod
    def of(cls, act: Act, *, source: str = "") -> "Author":
        """Return the author of an act of staff, which is recorded already."""
        return cls(Way.STAFF, actor=act.actor, source=source, reason=act.reason, act_id=act.recorded_id)

    @property
    def columns(self) -> dict[str, str | UUID | None]:
        """The columns of a row of `Change`."""
        return {
            "way": self.way.value,
            "source": self.source,
            "actor": self.actor,
            "reason": self.reason,
            "act_id": self.act_id,
        }


class Change(models.Model):
    """One changed field, or its first value (`before` is empty); append-only."""

    id = models.BigAutoField(primary_key=True)
    before = models.CharField(max_length=255, blank=True)
    after = models.CharField(max_length=255, blank=True)
    way = models.CharField(max_length=8, choices=Way.choices)
    source = models.CharField(max_length=255, blank=True)
    actor = models.CharField(max_length=255, blank=True)
    reason = models.TextField(blank=True)
    act = act_key()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.before or '–'} → {self.after or '–'}"
