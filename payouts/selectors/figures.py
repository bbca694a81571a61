"""What a creator earned and was paid: by API, by month, and in all."""

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
    """What was earned in one currency, in signed minor units.

    The current month is the one that a row's period is in; `lifetime_payouts` is what is paid of
    `lifetime_net`, and `unclaimed_net` what no payout has. `last_updated` is when a record was last added. An API is
    named where all of it was earned by one.
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
        """What is earned and not paid yet."""
        return self.lifetime_net - self.lifetime_payouts


@dataclass(frozen=True, slots=True)
class ApiStanding:
    """An API that a creator owned or earned from, and what it earned this creator, by currency."""

    api_id: str
    api_name: str
    figures: dict[str, Figures]

    def in_currency(self, currency: str) -> Figures:
        return self.figures.get(currency, Figures(currency, self.api_id, self.api_name))


@dataclass(frozen=True, slots=True)
class Standing:
    """What a creator earned in all, adjustments included, by currency; and by API, last registered first."""

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
    """Sum up all that a creator earned, in one query; creators and APIs are named by the marketplace's ids."""
    return _standing({"creator": creator_id, "api": None, "month": month_of(now).start})


def api_standing_of(creator_id: str, *, api_id: str, now: datetime) -> ApiStanding | None:
    """Sum up what one API earned a creator; None if the creator neither owned it nor earned from it."""
    found = _standing({"creator": creator_id, "api": api_id, "month": month_of(now).start}).apis
    return found[0] if found else None


def months_of(
    creator_id: str, *, api_id: str, currency: str, first: date, last: date
) -> Iterable[MonthFigures]:
    """Sum up by month, newest first, what an API earned a creator from one month to another, both included."""
    names = {"creator": creator_id, "api": api_id, "currency": currency, "first": first, "last": last}
    return [MonthFigures(currency=currency, **row) for row in sql.rows(_MONTHS, names)]


def pick_currency(currencies: Sequence[str], *, asked: str | None) -> str:
    """Choose the currency of an answer: the one asked for, else ours, unless all was earned in others."""
    if asked is not None:
        return asked
    ours: str = settings.DEFAULT_CURRENCY
    return ours if ours in currencies or not currencies else currencies[0]


def _standing(names: dict[str, object]) -> Standing:
    earned: dict[str, list[Figures]] = {}
    apis: list[ApiStanding] = []
    for row in sql.rows(_STANDING, names):
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
