"""Which commission counts where and when, and what another one would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from accounts.models import Creator
from database import sql
from earnings.models import Api
from money import Period

_SQL = Path(__file__).parent / "commission_sql"
_PLANS = sql.read(_SQL / "plans.sql")
_CHANGES = sql.read(_SQL / "changes.sql")
_TOTALS, _MOST_AFFECTED = (
    sql.read(_SQL / f"{name}.sql", changes=_CHANGES) for name in ("totals", "most_affected")
)
MOST_AFFECTED = 20


class Plan(NamedTuple):
    """A rate of one API, of one creator's APIs or (both None) of all others; `effective_until` None: no end is set."""

    creator_id: str | None
    api_id: str | None
    bps: int
    effective_from: datetime
    effective_until: datetime | None
    actor: str
    reason: str


class ChangedTotal(NamedTuple):
    """How many creators and APIs a change affects in one currency, and what it does to the platform's fee."""

    currency: str
    creators: int
    apis: int
    gross: int
    fee_before: int
    fee_after: int


class ChangedFee(NamedTuple):
    """What a change does to the fee on what one API earned one creator in one currency."""

    creator_id: str
    api_id: str
    currency: str
    gross: int
    bps_before: int
    bps_after: int
    fee_before: int
    fee_after: int


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change would have done to the sales of a past month; `most_affected` are MOST_AFFECTED at most."""

    totals: Sequence[ChangedTotal]
    most_affected: Sequence[ChangedFee]


def plans(*, now: datetime) -> list[Plan]:
    """List the rates that count now or will: the default first, then creators' own, then those of APIs."""
    return [Plan(**row) for row in sql.rows(_PLANS, {"now": now})]


def preview_change(
    bps: int | None, *, of: Api | Creator | None, effective_from: datetime, month: Period
) -> ChangePreview:
    """Work out what a rate (None: no own rate any more) would have done to the sales of a month.

    Both fees are what the rates that stand at `effective_from` would have taken, without the change and with it,
    rounded once for each API and creator.
    """
    names = {
        "bps": bps,
        "api": of.pk if isinstance(of, Api) else None,
        "creator": of.pk if isinstance(of, Creator) else None,
        "at": effective_from,
        "start": month.start,
        "end": month.end,
        "most": MOST_AFFECTED,
    }
    return ChangePreview(
        totals=[ChangedTotal(**row) for row in sql.rows(_TOTALS, names)],
        most_affected=[ChangedFee(**row) for row in sql.rows(_MOST_AFFECTED, names)],
    )
