"""Creators and the changes of their details."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from database.changes import Change
from database.fields import ExternalIdField, is_external_id, uuid7_key

EMAIL_MAX_LENGTH = 254  # RFC 5321's longest address


class Creator(models.Model):
    """Someone who sells on the marketplace; `external_id` is the marketplace's own id."""

    id = uuid7_key()
    external_id = ExternalIdField(unique=True)
    email = models.EmailField(blank=True, max_length=EMAIL_MAX_LENGTH)
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "creators"
        constraints = [is_external_id("external_id")]
        indexes = [models.Index(Lower("email"), condition=~Q(email=""), name="creator_by_email")]

    def __str__(self) -> str:
        return self.external_id


class CreatorField(models.TextChoices):
    """A detail of a creator that can change."""

    EMAIL = "email", "Email"
    COUNTRY = "country", "Country"


class CreatorChange(Change):
    """A change of a creator's e-mail address or country; the first value counts as one."""

    creator = models.ForeignKey(Creator, models.PROTECT, related_name="changes", db_index=False)
    field = models.CharField(max_length=8, choices=CreatorField.choices)

    class Meta:
        db_table = "creator_changes"
        indexes = [models.Index(fields=["creator", "id"], name="change_by_creator")]

    def __str__(self) -> str:
        """Name what changed, not to what: not all staff see addresses."""
        return CreatorField(self.field).label
