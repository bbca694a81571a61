"""Owners of APIs over time.

A new owner can't start before sales that are already recorded. An owner who hasn't started yet can be replaced.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from database import sql
from database.changes import Author
from earnings.errors import OwnershipSuperseded, OwnershipTooEarly
from earnings.models import Api, ApiChange, ApiField, CreatorEarning
from earnings.reading.records import is_too_old
from earnings.selectors import with_terms_of_their_time
from earnings.services import sources

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # the default start of a first owner
FARTHEST_AHEAD = timedelta(days=366)  # later times are typos
_SQL = Path(__file__).parent / "catalog_sql"
_OWNERS, _WITHDRAW, _BEGIN = (sql.read(_SQL / f"{name}.sql") for name in ("owners", "withdraw", "begin"))


class OwnerUpdate(NamedTuple):
    """An API's owner. `owned_from` None leaves their start unchanged; somebody who never owned it starts now."""

    api_id: str
    creator_id: str
    owned_from: datetime | None


class _Owner(NamedTuple):
    creator_id: str
    owned_from: datetime


class _Change(NamedTuple):
    """A row for the log: an API moves from the `former` owner to another, or a planned owner is withdrawn."""

    api_id: str
    creator_id: str
    owned_from: datetime
    former: str
    had_sales: bool
    begins: bool


@dataclass(slots=True)
class _Changes:
    """What to write: planned ownerships to delete, by API and time, and changes to log."""

    withdrawn: list[tuple[str, datetime]] = field(default_factory=list)
    logged: list[_Change] = field(default_factory=list)


def begins_too_early(owned_from: datetime) -> bool:
    """Tell whether this start is too early to be real; BEGINNING, which we return ourselves, is allowed."""
    return is_too_old(owned_from) and owned_from != BEGINNING


def begins_too_late(owned_from: datetime, *, now: datetime) -> bool:
    """Tell whether this start is so far ahead that it must be a mistake."""
    return owned_from > now + FARTHEST_AHEAD


def update_owners(updates: Sequence[OwnerUpdate], *, by: Author, now: datetime) -> int:
    """Apply updates, in order of time, to APIs that the caller has locked; return how many ownerships begin.

    Raises: OwnershipTooEarly, OwnershipSuperseded.
    """
    owners: dict[str, list[_Owner]] = defaultdict(list)
    for row in sql.rows(_OWNERS, {"ids": [update.api_id for update in updates]}):
        owners[row["api_id"]].append(_Owner(row["creator_id"], row["owned_from"]))
    stored = {api_id: frozenset(history) for api_id, history in owners.items()}
    changes = _Changes()
    for update in updates:
        history = owners[update.api_id]
        owners[update.api_id] = _apply(
            update, history=history, stored=stored.get(update.api_id, frozenset()), changes=changes, now=now
        )
    return _write(changes, by=by)


def _apply(
    update: OwnerUpdate,
    *,
    history: list[_Owner],
    stored: frozenset[_Owner],
    changes: _Changes,
    now: datetime,
) -> list[_Owner]:
    """Return the history after an update; only `stored` owners can be replaced, not those of the same request."""
    api_id, creator_id, owned_from = update
    if not history:
        first = _Owner(creator_id, owned_from or BEGINNING)
        changes.logged.append(_Change(api_id, *first, former="", had_sales=False, begins=True))
        return [first]
    if owned_from is None:
        if creator_id in {_current(history, now=now).creator_id, history[-1].creator_id}:
            return history
        _refuse_return(update, history=history, now=now)
        owned_from = now
    new = _Owner(creator_id, owned_from)
    if new in history:
        return history
    # Read the clock again under the lock: an owner may have started while we waited for it.
    clock = max(now, sql.now())
    replaced = [owner for owner in history if owner.owned_from >= max(clock, owned_from) and owner in stored]
    kept = [owner for owner in history if owner not in replaced]
    previous = kept[-1] if kept else _Owner(history[0].creator_id, BEGINNING)
    if previous.creator_id == creator_id and (not replaced or owned_from <= clock):
        return history
    _refuse_repeat(update, history=history, now=now)
    affected = {previous.creator_id, *(owner.creator_id for owner in replaced)}
    had_sales = _refuse_before_records(api_id, affected, previous=previous, owned_from=owned_from)
    changes.withdrawn += [(api_id, owner.owned_from) for owner in replaced]
    for owner in replaced:
        remaining = _Owner(previous.creator_id, owned_from)
        changes.logged.append(_Change(api_id, *remaining, owner.creator_id, had_sales, begins=False))
    if not kept:
        # The first owner also owns everything before their start. If the start is withdrawn, that remains.
        changes.logged.append(_Change(api_id, *previous, previous.creator_id, had_sales, begins=True))
        kept = [previous]
    if previous.creator_id == creator_id:
        return kept
    changes.logged.append(_Change(api_id, *new, previous.creator_id, had_sales, begins=True))
    return [*kept, new]


def _current(history: Sequence[_Owner], *, now: datetime) -> _Owner:
    """Return the owner at `now`; the first owner also owns everything before their start."""
    return next((owner for owner in reversed(history) if owner.owned_from <= now), history[0])


def _refuse_return(update: OwnerUpdate, *, history: Sequence[_Owner], now: datetime) -> None:
    """Refuse a former owner without a time: this may be a delayed copy of an older message."""
    if any(owner.creator_id == update.creator_id for owner in history):
        owner = _current(history, now=now).creator_id
        raise OwnershipSuperseded(update.api_id, creator=update.creator_id, owner=owner)


def _refuse_repeat(update: OwnerUpdate, *, history: Sequence[_Owner], now: datetime) -> None:
    """Refuse an update that was already made and then replaced: this may be a delayed copy of it."""
    if ApiChange.objects.filter(
        api__external_id=update.api_id,
        field=ApiField.OWNER,
        creator__external_id=update.creator_id,
        owned_from=update.owned_from,
    ).exists():
        owner = _current(history, now=now).creator_id
        raise OwnershipSuperseded(update.api_id, creator=update.creator_id, owner=owner)


def _refuse_before_records(
    api_id: str, creator_ids: Iterable[str], *, previous: _Owner, owned_from: datetime
) -> bool:
    """Refuse a start before sales that are already recorded; return whether the API had sales."""
    # A concurrent intake might accept a record for the previous owner.
    sources.block_intakes()
    api = Api.objects.get(external_id=api_id)
    recorded = with_terms_of_their_time().filter(api=api, creator__external_id__in=creator_ids)
    newest = recorded.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
    latest = max(newest or previous.owned_from, previous.owned_from)
    if owned_from <= latest:
        raise OwnershipTooEarly(api_id, owned_from=owned_from, latest=latest)
    return newest is not None or CreatorEarning.objects.filter(api=api).exists()


def _write(changes: _Changes, *, by: Author) -> int:
    if changes.withdrawn:
        apis, moments = zip(*changes.withdrawn, strict=True)
        sql.run(_WITHDRAW, {"apis": [*apis], "moments": [*moments]})
    if changes.logged:
        sql.run(_BEGIN, dict(_columns(changes.logged)) | by.columns)
    return sum(change.begins for change in changes.logged)


def _columns(changes: Sequence[_Change]) -> Iterator[tuple[str, list[object]]]:
    for name in _Change._fields:
        yield name, [getattr(change, name) for change in changes]
