"""What a creator earned and was paid: by API, by month, and in total."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from database import sql
from money import month_of

_SQL = Path(__file__).parent / "figures_sql"
_STANDING, _MONTHS = (sql.read(_SQL / f"{name}.sql") for name in ("standing", "months"))


class Figures(NamedTuple):
    """Earnings in one currency, in signed minor units.

    A row counts in the current month if its period is in it. `lifetime_payouts` is the part of `lifetime_net` that
    is paid, and `unclaimed_net` the part that is in no payout. `last_updated` is when a record was last added. The
    API is named if one API earned it all.
    """

    currency: str
    api_id: str | None = None
    api_name: str | None = None
    current_month_gross: int = 0
    current_month_net: int = 0
    lifetime_gross: int = 0
    lifetime_net: int = 0
    lifetime_payouts: int = 0
    unclaimed_net: int = 0
    last_updated: datetime | None = None

    @property
    def lifetime_platform_fee(self) -> int:
        return self.lifetime_gross - self.lifetime_net

    @property
    def pending_payout(self) -> int:
        """What is earned but not paid yet."""
        return self.lifetime_net - self.lifetime_payouts


@dataclass(frozen=True, slots=True)
class ApiStanding:
    """An API that the creator owned or earned from, and what it earned them, by currency."""

    api_id: str
    api_name: str
    figures: dict[str, Figures]

    def in_currency(self, currency: str) -> Figures:
        return self.figures.get(currency, Figures(currency, self.api_id, self.api_name))


@dataclass(frozen=True, slots=True)
class Standing:
    """What a creator earned: by currency, including adjustments, and by API, last registered first."""

    totals: dict[str, Figures]
    apis: list[ApiStanding]

    def in_currency(self, currency: str) -> Figures:
        return self.totals.get(currency, Figures(currency))


class MonthFigures(NamedTuple):
    """What one API earned one creator in one month, in one currency; `month` is its first day."""

    month: date
    currency: str
    gross: int
    platform_fee: int
    net: int
    refunds: int
    transactions: int
    api_calls: int


def standing_of(creator_id: str, *, now: datetime) -> Standing:
    """Sum all that a creator earned, in one query. Ids of creators and APIs are the marketplace's."""
    return _standing({"creator": creator_id, "api": None, "month": month_of(now).start})


def api_standing_of(creator_id: str, *, api_id: str, now: datetime) -> ApiStanding | None:
    """Sum what one API earned a creator; None if the creator never owned it or earned from it."""
    apis = _standing({"creator": creator_id, "api": api_id, "month": month_of(now).start}).apis
    return apis[0] if apis else None


def months_of(
    creator_id: str, *, api_id: str, currency: str, first: date, last: date
) -> Iterable[MonthFigures]:
    """Sum what an API earned a creator by month, newest first, from one month to another, both included."""
    params = {"creator": creator_id, "api": api_id, "currency": currency, "first": first, "last": last}
    return [MonthFigures(currency=currency, **row) for row in sql.rows(_MONTHS, params)]


def pick_currency(currencies: Sequence[str], *, requested: str | None) -> str:
    """Choose the currency of a response: the requested one, else the default, unless all was earned in others."""
    if requested is not None:
        return requested
    default: str = settings.DEFAULT_CURRENCY
    return default if default in currencies or not currencies else currencies[0]


def _standing(params: dict[str, object]) -> Standing:
    earned: dict[str, list[Figures]] = {}
    apis: list[ApiStanding] = []
    for row in sql.rows(_STANDING, params):
        api_id = row["api_id"]
        if api_id is not None and (not apis or apis[-1].api_id != api_id):
            apis.append(ApiStanding(api_id, row["api_name"], {}))
        if row["currency"] is None:
            continue
        figures = Figures(**row)
        earned.setdefault(figures.currency, []).append(figures)
        if api_id is not None:
            apis[-1].figures[figures.currency] = figures
    return Standing({currency: _total(earned[currency]) for currency in sorted(earned)}, apis)


def _total(parts: Sequence[Figures]) -> Figures:
    return Figures(
        currency=parts[0].currency,
        current_month_gross=sum(part.current_month_gross for part in parts),
        current_month_net=sum(part.current_month_net for part in parts),
        lifetime_gross=sum(part.lifetime_gross for part in parts),
        lifetime_net=sum(part.lifetime_net for part in parts),
        lifetime_payouts=sum(part.lifetime_payouts for part in parts),
        unclaimed_net=sum(part.unclaimed_net for part in parts),
        last_updated=max(part.last_updated for part in parts if part.last_updated),
    )
