"""Commission rates, and previews of changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.db.models import Max

from accounts.models import Creator
from database import sql
from earnings.errors import RateTooEarly
from earnings.models import Api, CommissionRate
from earnings.selectors.terms import with_terms_of_their_time
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


def current_rate(of: Api | Creator | None, *, at: datetime) -> int | None:
    """Return the rate in force at a moment, in basis points, of an API, of a creator, or (None) the default.

    None if there is none of its own.
    """
    rates = of.commission_rates if of else CommissionRate.objects.filter(api=None, creator=None)
    begun = rates.filter(effective_from__lte=at).order_by("-effective_from", "-pk")
    return begun.values_list("bps", flat=True).first()


def refuse_rate_before_sales(of: Api | Creator | None, *, effective_from: datetime) -> None:
    """Refuse a rate that would apply to sales which are already recorded, at the rate of their time.

    Raises: RateTooEarly.
    """
    affected = with_terms_of_their_time().filter(occurred_at__gte=effective_from)
    if isinstance(of, Api):
        affected = affected.filter(api=of)
    elif isinstance(of, Creator):
        affected = affected.filter(creator=of)
    latest = affected.aggregate(latest=Max("occurred_at"))["latest"]
    if latest is not None:
        raise RateTooEarly(effective_from=effective_from, latest=latest)


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
