"""The API catalogue: APIs, the source that each belongs to, and their owners over time.

Every change, including the first value, is logged with its author in `api_changes` and `creator_changes`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction

from accounts.models import CreatorField
from accounts.services.creators import Details, make_creators
from database import acts, notices, sql
from database.acts import Kind
from database.changes import Author, Way
from database.staff import Act
from earnings.errors import ApiOfAnotherSource, ApiUnassigned, UnknownApis
from earnings.models import BillingSource
from earnings.services import ownership
from earnings.services.ownership import BEGINNING, OwnerUpdate

AT_ONCE = 10_000
OPERATOR = Author(Way.FILE)
_SQL = Path(__file__).parent / "catalog_sql"
_MAKE, _LOCK, _RENAME, _ASSIGN = (
    sql.read(_SQL / f"{name}.sql") for name in ("make", "lock", "rename", "assign")
)


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One API and its owner. Empty fields leave the current value unchanged.

    `owned_from` None leaves the current owner's start unchanged; somebody who never owned the API owns it from now on.
    """

    api_id: str
    api_name: str
    creator_id: str
    creator_email: str = ""
    creator_country: str = ""
    owned_from: datetime | None = None


@dataclass(slots=True)
class Registered:
    """The result of registering APIs. `ignored` counts existing creators whose known value differs, by field."""

    new_apis: int = 0
    ownerships_begun: int = 0
    ignored: Counter[CreatorField] = field(default_factory=Counter)


class LockedApi(NamedTuple):
    """A locked API, by its external id, and the source that it belongs to."""

    id: str
    source_id: int | None
    source: str | None


def register_api(entry: CatalogEntry, *, source: BillingSource, actor: str, now: datetime) -> Registered:
    """Register or update one API that a source pushed, and its owner; records that waited for it enter soon after.

    Raises: ApiUnassigned, ApiOfAnotherSource, OwnershipTooEarly, OwnershipSuperseded.
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
    """Register or update APIs of this source and their owners; new APIs belong to it. All or nothing.

    Raises: ApiUnassigned, ApiOfAnotherSource; OwnershipTooEarly and OwnershipSuperseded as `register_apis` does.
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
    """Register or update APIs of any source and their owners, on behalf of an operator. All or nothing.

    New APIs belong to `source`; with None they wait until staff assign one.

    Raises: OwnershipTooEarly if an API would change owner before sales that are already recorded; OwnershipSuperseded
    if an update may be a delayed copy of an older message.
    """
    return _register(entries, source=source, check=lambda api: None, by=by, now=now)


@transaction.atomic
def assign_apis(api_ids: Iterable[str], *, source: BillingSource, act: Act) -> int:
    """Assign APIs to a source, whichever they belonged to before; return how many changed.

    Raises: UnknownApis.
    """
    ids = list(api_ids)
    known = [LockedApi(**row) for row in sql.rows(_LOCK, {"ids": ids})]
    if unknown := set(ids) - {api.id for api in known}:
        raise UnknownApis(sorted(unknown))
    assigned = sum(api.source_id != source.pk for api in known)
    recorded = acts.record(act, Kind.ASSIGN_API, subject=source, after={"apis": ids, "assigned": assigned})
    by = Author.of(act.recorded_as(recorded), source=source.name)
    sql.run(_ASSIGN, {"ids": ids} | by.columns)
    return assigned


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
    # Apply a history of owners in order of time, however it is sorted.
    entries = sorted(entries, key=lambda entry: entry.owned_from or BEGINNING)
    for start in range(0, len(entries), AT_ONCE):
        part = entries[start : start + AT_ONCE]
        names = _names(part)
        params: dict[str, Any] = {"ids": list(names), "names": list(names.values())} | by.columns
        params["source_id"] = source and source.pk
        registered.new_apis += len(list(sql.rows(_MAKE, params)))
        for row in sql.rows(_LOCK, params):
            check(LockedApi(**row))
        sql.run(_RENAME, params)
        updates = [OwnerUpdate(entry.api_id, entry.creator_id, entry.owned_from) for entry in part]
        registered.ownerships_begun += ownership.update_owners(updates, by=by, now=now)
    return registered


def _creators(entries: Iterable[CatalogEntry]) -> dict[str, Details]:
    creators: dict[str, Details] = {}
    for entry in entries:
        before = creators.get(entry.creator_id, Details())
        creators[entry.creator_id] = Details(
            entry.creator_email or before.email, entry.creator_country or before.country
        )
    return creators


def _names(entries: Iterable[CatalogEntry]) -> dict[str, str]:
    names: dict[str, str] = {}
    for entry in entries:
        names[entry.api_id] = entry.api_name or names.get(entry.api_id, "")
    return names
