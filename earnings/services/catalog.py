"""The API catalogue: which APIs there are, and who owned them when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from accounts.models import Creator
from database import notices
from earnings.errors import OwnershipTooEarly
from earnings.models import Api, ApiOwnership, BillingRecord, BillingSource
from earnings.records import is_too_old

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # when a first owner began, unless it is said


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One API and its owner; `owned_from` None means: as it is, or from now on if someone else had it.

    What is left empty stays as it is.
    """

    api_id: str
    api_name: str
    creator_id: str
    creator_email: str = ""
    creator_country: str = ""
    owned_from: datetime | None = None


def begins_too_early(owned_from: datetime) -> bool:
    """Say whether nobody can have owned an API since then; a first owner's beginning, as we tell it, is fine."""
    return is_too_old(owned_from) and owned_from != BEGINNING


@transaction.atomic
def register_api(entry: CatalogEntry, *, now: datetime) -> bool:
    """Register or rename one API, its creator and owner, and let out what waited for it; say whether it is new.

    Raises: OwnershipTooEarly.
    """
    is_new = not Api.objects.filter(external_id=entry.api_id).exists()
    if register_apis([entry], now=now):
        notices.send_debounced_on_commit("earnings.post_new")
    return is_new


@transaction.atomic
def register_apis(entries: Sequence[CatalogEntry], *, now: datetime) -> int:
    """Register or rename APIs, their creators and owners; return how many ownerships began.

    Raises: OwnershipTooEarly if an API changes owner before something that is recorded already; nothing is
    registered then.
    """
    creators = _upsert_creators(entries)
    apis = _upsert_apis(entries)
    owned = ApiOwnership.objects.filter(api__in=apis.values()).order_by("owned_from")
    latest = {ownership.api_id: ownership for ownership in owned}
    known = {(ownership.api_id, ownership.creator_id, ownership.owned_from) for ownership in owned}
    began: list[ApiOwnership] = []
    for entry in entries:
        api, creator = apis[entry.api_id], creators[entry.creator_id]
        current = latest.get(api.pk)
        if current is None:
            owned_from = entry.owned_from or BEGINNING
        elif current.creator_id == creator.pk or (api.pk, creator.pk, entry.owned_from) in known:
            continue
        else:
            owned_from = entry.owned_from or now
            _refuse_before_records(api, owned_from=owned_from, current=current)
        latest[api.pk] = ApiOwnership(api=api, creator=creator, owned_from=owned_from)
        began.append(latest[api.pk])
    ApiOwnership.objects.bulk_create(began)
    return len(began)


def _refuse_before_records(api: Api, *, owned_from: datetime, current: ApiOwnership) -> None:
    # An intake that is under way may hold a record of the owner that goes: wait for it, and keep others waiting.
    list(BillingSource.objects.select_for_update(no_key=True).order_by("pk"))
    recorded = BillingRecord.objects.filter(api=api, creator=current.creator_id)
    newest = recorded.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
    latest = max(newest or current.owned_from, current.owned_from)
    if owned_from <= latest:
        raise OwnershipTooEarly(api.external_id, owned_from=owned_from, latest=latest)


def _upsert_creators(entries: Iterable[CatalogEntry]) -> dict[str, Creator]:
    said: dict[str, tuple[str, str]] = {}
    for entry in entries:
        email, country = said.get(entry.creator_id, ("", ""))
        said[entry.creator_id] = (entry.creator_email or email, entry.creator_country or country)
    known = {row.external_id: row for row in Creator.objects.filter(external_id__in=said)}
    new, changed = [], []
    for external_id, (email_said, country_said) in said.items():
        row = known.get(external_id)
        if row is None:
            new.append(Creator(external_id=external_id, email=email_said, country=country_said))
            continue
        email, country = email_said or row.email, country_said or row.country
        if (email, country) != (row.email, row.country):
            row.email, row.country = email, country
            changed.append(row)
    Creator.objects.bulk_create(new, ignore_conflicts=True)
    Creator.objects.bulk_update(changed, ["email", "country"])
    return {row.external_id: row for row in Creator.objects.filter(external_id__in=said)}


def _upsert_apis(entries: Iterable[CatalogEntry]) -> dict[str, Api]:
    names: dict[str, str] = {}
    for entry in entries:
        names[entry.api_id] = entry.api_name or names.get(entry.api_id, "")
    said = [Api(external_id=external_id, name=name) for external_id, name in sorted(names.items())]
    Api.objects.bulk_create(
        [api for api in said if api.name],
        update_conflicts=True,
        unique_fields=["external_id"],
        update_fields=["name"],
    )
    Api.objects.bulk_create([api for api in said if not api.name], ignore_conflicts=True)
    # Locked until the end: two that register one API would otherwise both make its first owner.
    rows = Api.objects.select_for_update(no_key=True).filter(external_id__in=names).order_by("external_id")
    return {row.external_id: row for row in rows}
