"""The record of what staff did."""

from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from database.fields import uuid7_key
from database.staff import Via


def clock() -> models.Func:
    """The database's clock, read when the row is written: `now()` would be when its transaction began."""
    return models.Func(function="clock_timestamp", output_field=models.DateTimeField())


class RecordedAct(models.Model):
    """One act, written in the transaction that carried it out; append-only.

    `kind` is one of `acts.Kind`. The subject is a row of any of our tables. `before` and `after` hold ids, states,
    amounts and settings, never an email address, a name, bank or tax data: what changed in those is told as "changed".
    """

    id = uuid7_key()
    at = models.DateTimeField(db_default=clock())
    user: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="acts"
    )
    actor = models.CharField(max_length=255)
    via = models.CharField(max_length=8, choices=Via.choices)
    kind = models.CharField(max_length=40)
    subject_table = models.CharField(max_length=63, blank=True)
    subject_id = models.CharField(max_length=255, blank=True)
    creator_id = models.UUIDField(null=True)
    payout_id = models.UUIDField(null=True)
    reason = models.TextField(blank=True)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=128, blank=True)

    class Meta:
        db_table = "acts"
        verbose_name = "act"
        indexes = [
            models.Index(fields=["at"], name="act_by_time"),
            models.Index(fields=["user", "at"], name="act_by_user"),
            models.Index(fields=["kind", "at"], name="act_by_kind"),
            models.Index(fields=["subject_id"], name="act_by_subject"),
            models.Index(fields=["creator_id"], name="act_by_creator"),
            models.Index(fields=["payout_id"], name="act_by_payout"),
            models.Index(fields=["request_id"], name="act_by_request"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor}"


class ActSeal(models.Model):
    """The digest of one day's acts (UTC) and of the seal before it, so that no sealed act can change unnoticed."""

    day = models.DateField(primary_key=True)
    acts = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(db_default=clock())

    class Meta:
        db_table = "act_seals"

    def __str__(self) -> str:
        return f"{self.day}: {self.digest}"
