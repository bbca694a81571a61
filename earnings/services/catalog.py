"""The API catalogue: which APIs there are, which source each belongs to, and who owned them when.

Whatever changes is noted with who said it (`api_changes`, `creator_changes`), first values too.
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
from database import notices, sql
from database.changes import Author, Way
from database.staff import Act
from earnings.errors import ApiOfAnotherSource, ApiUnassigned, UnknownApis
from earnings.models import BillingSource
from earnings.services import ownership
from earnings.services.ownership import BEGINNING, SaidOwner

AT_ONCE = 10_000
OPERATOR = Author(Way.FILE)
_SQL = Path(__file__).parent / "catalog_sql"
_MAKE, _LOCK, _RENAME, _ASSIGN = (
    sql.read(_SQL / f"{name}.sql") for name in ("make", "lock", "rename", "assign")
)


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One API and its owner; `owned_from` None means: as it is, or from now on for who never had it.

    What is left empty stays as it is.
    """

    api_id: str
    api_name: str
    creator_id: str
    creator_email: str = ""
    creator_country: str = ""
    owned_from: datetime | None = None


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


def register_api(entry: CatalogEntry, *, source: BillingSource, actor: str, now: datetime) -> Registered:
    """Register or rename one API, its creator and owner, as a source pushes it; let out what waited for it.

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
    """Register or rename this source's APIs, their creators and owners; new APIs become its own.

    Raises: ApiUnassigned, ApiOfAnotherSource; OwnershipTooEarly and OwnershipSuperseded as `register_apis` does.
    Nothing is registered then.
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
    changes owner before something that is recorded already, OwnershipSuperseded if this may be an older message that
    comes late; nothing is registered then.
    """
    return _register(entries, source=source, check=lambda api: None, by=by, now=now)


@transaction.atomic
def assign_apis(api_ids: Iterable[str], *, source: BillingSource, act: Act) -> int:
    """Have APIs belong to a source, whichever they belonged to before; return how many did not belong to it.

    Raises: UnknownApis.
    """
    by = Author.of(act, source=source.name)
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
    # A history of owners is taken in its order, however it is sorted.
    entries = sorted(entries, key=lambda entry: entry.owned_from or BEGINNING)
    for start in range(0, len(entries), AT_ONCE):
        part = entries[start : start + AT_ONCE]
        said = _names(part)
        names: dict[str, Any] = {"ids": list(said), "names": list(said.values())} | by.columns
        names["source_id"] = source and source.pk
        registered.new_apis += len(list(sql.rows(_MAKE, names)))
        for row in sql.rows(_LOCK, names):
            check(LockedApi(**row))
        sql.run(_RENAME, names)
        owners = [SaidOwner(entry.api_id, entry.creator_id, entry.owned_from) for entry in part]
        registered.ownerships_begun += ownership.settle(owners, by=by, now=now)
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
