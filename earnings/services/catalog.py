"""The API catalogue: which APIs there are, which source each belongs to, and who owned them when.

Whatever changes is noted with who said it (`api_changes`, `creator_changes`), first values too.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction

from accounts.models import CreatorField
from accounts.services.creators import Details, make_creators
from database import notices, sql
from database.changes import Author, Way
from database.staff import require_reason
from earnings.errors import ApiOfAnotherSource, ApiUnassigned, OwnershipTooEarly, UnknownApis
from earnings.models import Api, BillingRecord, BillingSource, CreatorEarning
from earnings.records import is_too_old

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # when a first owner began, unless it is said
AT_ONCE = 10_000
OPERATOR = Author(Way.FILE)
_SQL = Path(__file__).parent / "catalog_sql"
_MAKE, _LOCK, _RENAME, _OWNERS, _BEGIN, _ASSIGN = (
    sql.read(_SQL / f"{name}.sql") for name in ("make", "lock", "rename", "owners", "begin", "assign")
)


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


@dataclass(slots=True)
class Registered:
    """What registering came to. `ignored` counts creators of whom something else is known than what was said."""

    new_apis: int = 0
    ownerships_begun: int = 0
    ignored: Counter[CreatorField] = field(default_factory=Counter)


class LockedApi(NamedTuple):
    """An API that nobody else can change meanwhile, by its external id, and the source that it belongs to."""

    id: str
    source_id: int | None
    source: str | None


class _Owner(NamedTuple):
    api_id: str
    creator_id: str
    owned_from: datetime
    former: str = ""
    had_sales: bool = False


def register_api(entry: CatalogEntry, *, source: BillingSource, actor: str, now: datetime) -> Registered:
    """Register or rename one API, its creator and owner, as a source pushes it; let out what waited for it.

    Raises: ApiUnassigned, ApiOfAnotherSource, OwnershipTooEarly.
    """
    with transaction.atomic():
        by = Author(Way.PUSH, actor=actor, source=source.name)
        registered = register_apis_of(source, [entry], by=by, now=now)
        if registered.ownerships_begun:
            notices.send_debounced_on_commit("earnings.post_new")
    return registered


def register_apis_of(
    source: BillingSource, entries: Sequence[CatalogEntry], *, by: Author, now: datetime
) -> Registered:
    """Register or rename this source's APIs, their creators and owners; new APIs become its own.

    Raises: ApiUnassigned, ApiOfAnotherSource; OwnershipTooEarly as `register_apis` does. Nothing is registered then.
    """

    def refuse_others(api: LockedApi) -> None:
        if api.source is None:
            raise ApiUnassigned(api.id)
        if api.source_id != source.pk:
            raise ApiOfAnotherSource(api.id, source=api.source)

    return _register(entries, source=source, check=refuse_others, by=by, now=now)


def register_apis(
    entries: Sequence[CatalogEntry],
    *,
    now: datetime,
    source: BillingSource | None = None,
    by: Author = OPERATOR,
) -> Registered:
    """Register or rename APIs, their creators and owners, as an operator says, whichever source the APIs belong to.

    New ones belong to `source`; None has them wait for staff to assign one. Raises: OwnershipTooEarly if an API
    changes owner before something that is recorded already; nothing is registered then.
    """
    return _register(entries, source=source, check=lambda api: None, by=by, now=now)


@transaction.atomic
def assign_apis(api_ids: Iterable[str], *, source: BillingSource, actor: str, reason: str) -> int:
    """Have APIs belong to a source, whichever they belonged to before; return how many did not belong to it.

    Raises: ReasonMissing, UnknownApis.
    """
    by = Author(Way.STAFF, actor=actor, source=source.name, reason=require_reason(reason))
    names = {"ids": list(api_ids)} | by.columns
    known = {row["id"] for row in sql.rows(_LOCK, names)}
    if unknown := set(names["ids"]) - known:
        raise UnknownApis(sorted(unknown))
    return sql.run(_ASSIGN, names)


@transaction.atomic
def _register(
    entries: Sequence[CatalogEntry],
    *,
    source: BillingSource | None,
    check: Callable[[LockedApi], None],
    by: Author,
    now: datetime,
) -> Registered:
    registered = Registered(ignored=make_creators(_creators(entries), by=by))
    for start in range(0, len(entries), AT_ONCE):
        part = entries[start : start + AT_ONCE]
        said = _names(part)
        names: dict[str, Any] = {"ids": list(said), "names": list(said.values())} | by.columns
        names["source_id"] = source and source.pk
        registered.new_apis += len(list(sql.rows(_MAKE, names)))
        for row in sql.rows(_LOCK, names):
            check(LockedApi(**row))
        sql.run(_RENAME, names)
        owners = [_Owner(**row) for row in sql.rows(_OWNERS, names)]
        registered.ownerships_begun += _begin(_beginning(part, owners=owners, now=now), by=by)
    return registered


def _creators(entries: Iterable[CatalogEntry]) -> dict[str, Details]:
    said: dict[str, Details] = {}
    for entry in entries:
        before = said.get(entry.creator_id, Details())
        said[entry.creator_id] = Details(
            entry.creator_email or before.email, entry.creator_country or before.country
        )
    return said


def _names(entries: Iterable[CatalogEntry]) -> dict[str, str]:
    said: dict[str, str] = {}
    for entry in entries:
        said[entry.api_id] = entry.api_name or said.get(entry.api_id, "")
    return said


def _beginning(
    entries: Iterable[CatalogEntry], *, owners: Sequence[_Owner], now: datetime
) -> Iterator[_Owner]:
    """Yield the ownerships that are new."""
    latest = {owner.api_id: owner for owner in owners}
    known = {(owner.api_id, owner.creator_id, owner.owned_from) for owner in owners}
    for entry in entries:
        api_id, creator_id = entry.api_id, entry.creator_id
        current = latest.get(api_id)
        if current is None:
            owner = _Owner(api_id, creator_id, entry.owned_from or BEGINNING)
        elif current.creator_id == creator_id or (api_id, creator_id, entry.owned_from) in known:
            continue
        else:
            owned_from = entry.owned_from or now
            had_sales = _refuse_before_records(current, owned_from=owned_from)
            owner = _Owner(api_id, creator_id, owned_from, current.creator_id, had_sales)
        latest[api_id] = owner
        yield owner


def _refuse_before_records(current: _Owner, *, owned_from: datetime) -> bool:
    """Keep an owner from beginning behind what is recorded for the current one; tell whether the API had sales."""
    # An intake that is under way may hold a record of the owner that goes: wait for it, and keep others waiting.
    list(BillingSource.objects.select_for_update(no_key=True).order_by("pk"))
    api = Api.objects.get(external_id=current.api_id)
    recorded = BillingRecord.objects.filter(api=api, creator__external_id=current.creator_id)
    newest = recorded.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
    latest = max(newest or current.owned_from, current.owned_from)
    if owned_from <= latest:
        raise OwnershipTooEarly(api.external_id, owned_from=owned_from, latest=latest)
    return newest is not None or CreatorEarning.objects.filter(api=api).exists()


def _begin(owners: Iterable[_Owner], *, by: Author) -> int:
    begun = list(owners)
    names: Mapping[str, Any] = {
        "apis": [owner.api_id for owner in begun],
        "creators": [owner.creator_id for owner in begun],
        "moments": [owner.owned_from for owner in begun],
        "former": [owner.former for owner in begun],
        "had_sales": [owner.had_sales for owner in begun],
    }
    return sql.run(_BEGIN, {**names, **by.columns}) if begun else 0
