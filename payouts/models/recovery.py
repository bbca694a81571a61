"""What checks of Stripe's transfers pass over."""

from django.db import models
from django.db.models.functions import Now

from database.fields import act_key


class IgnoredInstallation(models.Model):
    """Another installation that pays from the same Stripe account; `uuid` is the one that it names in its metadata."""

    uuid = models.UUIDField(primary_key=True)
    ignored_by = models.CharField(max_length=255)
    reason = models.TextField()
    act = act_key()
    ignored_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "ignored_installations"

    def __str__(self) -> str:
        return str(self.uuid)


class UnplacedTransfer(models.Model):
    """A transfer of ours that recovery could give to no payout, and left to staff."""

    stripe_id = models.CharField(max_length=255, primary_key=True)
    left_by = models.CharField(max_length=255)
    reason = models.TextField()
    act = act_key()
    left_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "unplaced_transfers"

    def __str__(self) -> str:
        return self.stripe_id
