"""The API catalogue: APIs, their sources and owners over time, and a log of changes."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Creator
from database.changes import Change
from database.fields import ExternalIdField, is_external_id, uuid7_key


class Api(models.Model):
    """Something sold on the marketplace; `external_id` is the marketplace's own id.

    It belongs to the source that registered it, and only that source can change it. An API without a source waits
    until staff assign one.
    """

    id = uuid7_key()
    external_id = ExternalIdField(unique=True)
    name = models.CharField(max_length=255, blank=True)
    source = models.ForeignKey(
        "earnings.BillingSource", models.PROTECT, related_name="apis", null=True, blank=True
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "apis"
        verbose_name = "API"
        verbose_name_plural = "APIs"
        constraints = [is_external_id("external_id")]

    def __str__(self) -> str:
        return self.name or self.external_id


class ApiOwnership(models.Model):
    """Who owns an API from `owned_from` until the next owner; the first owner also owns everything before."""

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


class ApiField(models.TextChoices):
    """A field of an API whose changes are logged."""

    SOURCE = "source", "Source"
    NAME = "name", "Name"
    OWNER = "owner", "Owner"


class ApiChange(Change):
    """A change of an API's source, name or owner; its first value counts as a change.

    A change of owner also has the new owner, since when, and whether the API already had sales.
    """

    api = models.ForeignKey(Api, models.PROTECT, related_name="changes", db_index=False)
    field = models.CharField(max_length=8, choices=ApiField.choices)
    creator = models.ForeignKey(
        Creator, models.PROTECT, related_name="api_changes", null=True, blank=True, db_index=False
    )
    owned_from = models.DateTimeField(null=True, blank=True)
    had_sales = models.BooleanField(default=False)

    class Meta:
        db_table = "api_changes"
        verbose_name = "API change"
        constraints = [
            models.CheckConstraint(
                condition=Q(field=ApiField.OWNER, creator__isnull=False, owned_from__isnull=False)
                | (
                    ~Q(field=ApiField.OWNER)
                    & Q(creator__isnull=True, owned_from__isnull=True, had_sales=False)
                ),
                name="api_change_of_owner_says_who_and_when",
            )
        ]
        indexes = [
            models.Index(fields=["api", "id"], name="change_by_api"),
            models.Index(
                fields=["creator", "id"], condition=Q(creator__isnull=False), name="change_to_owner"
            ),
            models.Index(
                fields=["before", "id"],
                condition=Q(field=ApiField.OWNER) & ~Q(before=""),
                name="change_from_owner",
            ),
            models.Index(fields=["created_at"], condition=Q(had_sales=True), name="change_of_what_sells"),
        ]
