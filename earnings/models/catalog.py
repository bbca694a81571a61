"""What is sold, and who owned it when."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import Creator
from database.fields import ExternalIdField, is_external_id, uuid7_key


class Api(models.Model):
    """Something sold on the marketplace; `external_id` is the marketplace's own id."""

    id = uuid7_key()
    external_id = ExternalIdField(unique=True)
    name = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "apis"
        verbose_name = "API"
        verbose_name_plural = "APIs"
        constraints = [is_external_id("external_id")]

    def __str__(self) -> str:
        return self.name or self.external_id


class ApiOwnership(models.Model):
    """Who owns an API from a moment on, until the next owner; the first one also owned all of the time before."""

    id = uuid7_key()
    api = models.ForeignKey(Api, models.PROTECT, related_name="ownerships")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="ownerships")
    owned_from = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "api_ownerships"
        constraints = [
            models.UniqueConstraint(fields=["api", "owned_from"], name="api_has_one_owner_at_a_time")
        ]

    def __str__(self) -> str:
        return f"{self.creator} from {self.owned_from.date().isoformat()}"
