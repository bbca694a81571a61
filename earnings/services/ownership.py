"""Who owns an API from when on.

An owner follows the one before, never behind what is recorded. One who is still to begin can be replaced.
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
from earnings.models import Api, ApiChange, ApiField, BillingRecord, CreatorEarning
from earnings.reading.records import is_too_old
from earnings.services import sources

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # when a first owner began, unless it is said
FARTHEST_AHEAD = timedelta(days=366)  # nobody sells an API for later than that, but years are mistyped
_SQL = Path(__file__).parent / "catalog_sql"
_OWNERS, _WITHDRAW, _BEGIN = (sql.read(_SQL / f"{name}.sql") for name in ("owners", "withdraw", "begin"))


class SaidOwner(NamedTuple):
    """Who has an API; `owned_from` None means: as it is, or from now on for somebody who never had it."""

    api_id: str
    creator_id: str
    owned_from: datetime | None


class _Owner(NamedTuple):
    creator_id: str
    owned_from: datetime


class _Change(NamedTuple):
    """What is noted: an API goes from one creator to another; or stays, where the former was only to have it."""

    api_id: str
    creator_id: str
    owned_from: datetime
    former: str
    had_sales: bool
    begins: bool


@dataclass(slots=True)
class _Changes:
    """What is to be done: ownerships that will not come about, by API and time, and what is noted."""

    withdrawn: list[tuple[str, datetime]] = field(default_factory=list)
    noted: list[_Change] = field(default_factory=list)


def begins_too_early(owned_from: datetime) -> bool:
    """Say whether nobody can have owned an API since then; a first owner's beginning, as we tell it, is fine."""
    return is_too_old(owned_from) and owned_from != BEGINNING


def begins_too_late(owned_from: datetime, *, now: datetime) -> bool:
    """Say whether this lies too far ahead to be meant."""
    return owned_from > now + FARTHEST_AHEAD


def settle(said: Sequence[SaidOwner], *, by: Author, now: datetime) -> int:
    """Have APIs, which the caller has locked, change owner as is said; return how many ownerships begin.

    What is said together comes in order of time. Raises: OwnershipTooEarly, OwnershipSuperseded.
    """
    owners: dict[str, list[_Owner]] = defaultdict(list)
    for row in sql.rows(_OWNERS, {"ids": [each.api_id for each in said]}):
        owners[row["api_id"]].append(_Owner(row["creator_id"], row["owned_from"]))
    known = {api_id: frozenset(history) for api_id, history in owners.items()}
    changes = _Changes()
    for each in said:
        history = owners[each.api_id]
        owners[each.api_id] = _next(
            each, history=history, before=known.get(each.api_id, frozenset()), changes=changes, now=now
        )
    return _apply(changes, by=by)


def _next(
    said: SaidOwner, *, history: list[_Owner], before: frozenset[_Owner], changes: _Changes, now: datetime
) -> list[_Owner]:
    """Return the owners as they are then; only those that were there `before` can be replaced."""
    api_id, creator_id, owned_from = said
    if not history:
        first = _Owner(creator_id, owned_from or BEGINNING)
        changes.noted.append(_Change(api_id, *first, former="", had_sales=False, begins=True))
        return [first]
    if owned_from is None:
        if creator_id in {_present(history, now=now).creator_id, history[-1].creator_id}:
            return history
        _refuse_return(said, history=history, now=now)
        owned_from = now
    new = _Owner(creator_id, owned_from)
    if new in history:
        return history
    # By the clock as it is under the lock: `now` may lie before an owner who began while we waited for it.
    clock = max(now, sql.now())
    replaced = [owner for owner in history if owner.owned_from >= max(clock, owned_from) and owner in before]
    kept = [owner for owner in history if owner not in replaced]
    current = kept[-1] if kept else _Owner(history[0].creator_id, BEGINNING)
    if current.creator_id == creator_id and (not replaced or owned_from <= clock):
        return history
    _refuse_repeat(said, history=history, now=now)
    affected = {current.creator_id, *(owner.creator_id for owner in replaced)}
    had_sales = _refuse_before_records(api_id, affected, current=current, owned_from=owned_from)
    changes.withdrawn += [(api_id, owner.owned_from) for owner in replaced]
    for owner in replaced:
        stays = _Owner(current.creator_id, owned_from)
        changes.noted.append(_Change(api_id, *stays, owner.creator_id, had_sales, begins=False))
    if not kept:
        # The first owner also had all of the time before: when their beginning is taken back, that is left.
        changes.noted.append(_Change(api_id, *current, current.creator_id, had_sales, begins=True))
        kept = [current]
    if current.creator_id == creator_id:
        return kept
    changes.noted.append(_Change(api_id, *new, current.creator_id, had_sales, begins=True))
    return [*kept, new]


def _present(history: Sequence[_Owner], *, now: datetime) -> _Owner:
    """Return who has it now; the first owner also had it before."""
    return next((owner for owner in reversed(history) if owner.owned_from <= now), history[0])


def _refuse_return(said: SaidOwner, *, history: Sequence[_Owner], now: datetime) -> None:
    """Without a time, that a former owner has it again may be an older message that comes late."""
    if any(owner.creator_id == said.creator_id for owner in history):
        owner = _present(history, now=now).creator_id
        raise OwnershipSuperseded(said.api_id, creator=said.creator_id, owner=owner)


def _refuse_repeat(said: SaidOwner, *, history: Sequence[_Owner], now: datetime) -> None:
    """What was said once and replaced before it began may be an older message that comes late."""
    if ApiChange.objects.filter(
        api__external_id=said.api_id,
        field=ApiField.OWNER,
        creator__external_id=said.creator_id,
        owned_from=said.owned_from,
    ).exists():
        owner = _present(history, now=now).creator_id
        raise OwnershipSuperseded(said.api_id, creator=said.creator_id, owner=owner)


def _refuse_before_records(
    api_id: str, creator_ids: Iterable[str], *, current: _Owner, owned_from: datetime
) -> bool:
    """Keep an owner from beginning behind what is recorded; tell whether the API had sales."""
    # An intake that is under way may hold a record of the owner that goes.
    sources.keep_intakes_waiting()
    api = Api.objects.get(external_id=api_id)
    # One that names a charge belongs to whom the charge does, whenever it occurred.
    recorded = BillingRecord.objects.filter(
        api=api, creator__external_id__in=creator_ids, related_record_id=""
    )
    newest = recorded.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
    latest = max(newest or current.owned_from, current.owned_from)
    if owned_from <= latest:
        raise OwnershipTooEarly(api_id, owned_from=owned_from, latest=latest)
    return newest is not None or CreatorEarning.objects.filter(api=api).exists()


def _apply(changes: _Changes, *, by: Author) -> int:
    if changes.withdrawn:
        apis, moments = zip(*changes.withdrawn, strict=True)
        sql.run(_WITHDRAW, {"apis": [*apis], "moments": [*moments]})
    if changes.noted:
        sql.run(_BEGIN, dict(_columns(changes.noted)) | by.columns)
    return sum(change.begins for change in changes.noted)


def _columns(noted: Sequence[_Change]) -> Iterator[tuple[str, list[object]]]:
    for name in _Change._fields:
        yield name, [getattr(change, name) for change in noted]
