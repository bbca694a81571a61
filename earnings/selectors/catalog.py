"""The API catalogue: APIs, their sources and their owners."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.models import Creator
from database import sql
from earnings.errors import UnknownApi
from earnings.models import Api, ApiChange, ApiField, ApiOwnership

RECENT = timedelta(days=30)
_CONCERNS = """
SELECT
    (SELECT count(*) FROM api_changes WHERE had_sales AND created_at > %(since)s) AS owner_changes,
    (SELECT count(*) FROM apis WHERE source_id IS NULL) AS unassigned
"""


class UnassignedApi(NamedTuple):
    """An API without a source, and its latest owner; both by external id."""

    api: str
    name: str
    owner: str | None


class CatalogConcerns(NamedTuple):
    """What staff should look at: owner changes of APIs with sales in the last 30 days, and APIs without a source."""

    owner_changes: int
    unassigned: int


def known_api(external_id: str) -> Api:
    """Return the API with this external id.

    Raises: UnknownApi.
    """
    api = Api.objects.filter(external_id=external_id).first()
    if api is None:
        raise UnknownApi(external_id)
    return api


def latest_ownership(api_id: str) -> ApiOwnership:
    """Return the latest ownership of an API, which may be in the future; the API must have an owner."""
    ownerships = ApiOwnership.objects.select_related("api", "creator").filter(api__external_id=api_id)
    return ownerships.latest("owned_from")


def unassigned_apis() -> Iterator[UnassignedApi]:
    """Yield the APIs without a source, in order of their ids."""
    owners = ApiOwnership.objects.filter(api=OuterRef("pk")).order_by("-owned_from")
    rows = Api.objects.filter(source=None).order_by("external_id")
    owned = rows.annotate(owner=Subquery(owners.values("creator__external_id")[:1]))
    for row in owned.values_list("external_id", "name", "owner").iterator():
        yield UnassignedApi(*row)


def changes_of_ownership(creator: Creator) -> QuerySet[ApiChange]:
    """Select the changes by which a creator got or lost an API."""
    got = Q(creator=creator)
    lost = Q(field=ApiField.OWNER, before=creator.external_id) & ~Q(before="")
    return ApiChange.objects.filter(got | lost)


def catalog_concerns(*, now: datetime) -> CatalogConcerns:
    (row,) = sql.rows(_CONCERNS, {"since": now - RECENT})
    return CatalogConcerns(**row)
