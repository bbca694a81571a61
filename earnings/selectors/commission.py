"""Commission rates, and previews of changes."""

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
    """The rate of one API, of one creator, or (both None) the default; `effective_until` None means no end."""

    creator_id: str | None
    api_id: str | None
    bps: int
    effective_from: datetime
    effective_until: datetime | None
    actor: str
    reason: str


class ChangedTotal(NamedTuple):
    """How many creators and APIs a change affects in one currency, and the platform fee before and after."""

    currency: str
    creators: int
    apis: int
    gross: int
    fee_before: int
    fee_after: int


class ChangedFee(NamedTuple):
    """The effect of a change on the platform fee of one API and creator in one currency."""

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
    """The effect that a change would have had on a past month; `most_affected` has at most MOST_AFFECTED rows."""

    totals: Sequence[ChangedTotal]
    most_affected: Sequence[ChangedFee]


def plans(*, now: datetime) -> list[Plan]:
    """List current and future rates: the default first, then those of creators, then those of APIs."""
    return [Plan(**row) for row in sql.rows(_PLANS, {"now": now})]


def preview_change(
    bps: int | None, *, of: Api | Creator | None, effective_from: datetime, month: Period
) -> ChangePreview:
    """Calculate the effect that a new rate (None: ending the rate) would have had on a month's sales.

    Fees before and after use the rates at `effective_from`, without and with the change, rounded once per API and
    creator.
    """
    params = {
        "bps": bps,
        "api": of.pk if isinstance(of, Api) else None,
        "creator": of.pk if isinstance(of, Creator) else None,
        "at": effective_from,
        "start": month.start,
        "end": month.end,
        "most": MOST_AFFECTED,
    }
    return ChangePreview(
        totals=[ChangedTotal(**row) for row in sql.rows(_TOTALS, params)],
        most_affected=[ChangedFee(**row) for row in sql.rows(_MOST_AFFECTED, params)],
    )
