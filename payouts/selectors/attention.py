"""What waits for people: payouts in trouble, creators who can't be paid, and a gate that stays shut.

Everything here is read through partial indexes, so it costs what is wrong and not what was ever paid.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import UUID

from django.db.models import Count, Sum

from database import sql
from money import Money
from payouts.models import Payout, PayoutRun
from payouts.states import FINISHED, IN_TROUBLE, PayoutStatus

_SQL = Path(__file__).parent / "attention_sql"
_BLOCKED = (_SQL / "blocked.sql").read_text()
_TROUBLED, _FAILED_BY_MONTH, _SHUT_GATE = (
    sql.read(_SQL / f"{name}.sql") for name in ("troubled", "failed_by_month", "shut_gate")
)
_BLOCKED_TOTALS, _BLOCKED_CREATORS = (
    sql.read(_SQL / f"{name}.sql", blocked=_BLOCKED) for name in ("blocked_totals", "blocked_creators")
)
# A gate is checked every minute; one that stays shut for so long while payouts wait is for people.
GATE_LATE = timedelta(minutes=10)

BlockedBy = Literal["on_hold", "restricted"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Payouts with one status, currency and failure code."""

    status: PayoutStatus
    failure_code: str
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Troubled(Trouble):
    """The same, with when the first of them came to that status.

    `retried_later` counts the failed ones that the service retries by itself.
    """

    since: datetime
    retried_later: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """Creators who can't be paid for one cause, and what waits for them in one currency; None if nothing does."""

    cause: BlockedBy
    creators: int
    amount: Money | None
    since: datetime | None


class BlockedCreator(NamedTuple):
    """What waits for one creator, in minor units: `owed` in no payout yet, `in_payouts` in payouts on hold."""

    creator_id: UUID
    external_id: str
    since: datetime | None
    currency: str | None
    owed: int
    in_payouts: int


@dataclass(frozen=True, slots=True)
class FailedMonth:
    """The payouts that failed in one month, in one currency; `month` is its first day."""

    month: date
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The payouts that are neither paid nor ended, in one currency."""

    count: int
    amount: Money


def troubled_payouts(run: PayoutRun | None) -> list[Troubled]:
    """Sum the payouts on hold, unresolved and returned, and those of this run that failed and were not retried."""
    return [
        Troubled(
            status=PayoutStatus(row["status"]),
            failure_code=row["failure_code"],
            count=row["count"],
            amount=Money(row["amount"], row["currency"]),
            since=row["since"],
            retried_later=row["retried_later"],
        )
        for row in sql.rows(_TROUBLED, {"run": run.pk if run else None})
    ]


def troubles_of_run(run: PayoutRun) -> list[Trouble]:
    """Sum a run's payouts whose creators wait for their money, by status and failure code, most frequent first."""
    rows = (
        Payout.objects.filter(run=run, status__in=IN_TROUBLE, retried_as=None)
        .values("status", "failure_code", "currency")
        .annotate(count=Count("pk"), amount=Sum("net_amount"))
        .order_by("-count", "status", "failure_code", "currency")
    )
    return [
        Trouble(
            PayoutStatus(row["status"]),
            row["failure_code"],
            row["count"],
            Money(int(row["amount"]), row["currency"]),
        )
        for row in rows
    ]


def payouts_under_way() -> list[UnderWay]:
    rows = (
        Payout.objects.exclude(status__in=FINISHED)
        .values("currency")
        .annotate(count=Count("pk"), amount=Sum("net_amount"))
        .order_by("currency")
    )
    return [UnderWay(row["count"], Money(int(row["amount"]), row["currency"])) for row in rows]


def blocked_totals() -> list[Blocked]:
    """Sum what waits for creators on hold and for those with restricted accounts; a creator can be both."""
    return [
        Blocked(
            cause=row["cause"],
            creators=row["creators"],
            amount=Money(row["amount"], row["currency"]) if row["currency"] else None,
            since=row["since"],
        )
        for row in sql.rows(_BLOCKED_TOTALS)
    ]


def blocked_creators(cause: BlockedBy, *, limit: int, offset: int = 0) -> list[BlockedCreator]:
    """List the creators behind `blocked_totals`, a row per currency, those for whom most waits first."""
    params = {"cause": cause, "limit": limit, "offset": offset}
    return [BlockedCreator(**row) for row in sql.rows(_BLOCKED_CREATORS, params)]


def failed_by_month(*, since: datetime) -> list[FailedMonth]:
    """Sum the payouts that failed since then, by month and currency, oldest first."""
    return [
        FailedMonth(row["month"], row["count"], Money(row["amount"], row["currency"]))
        for row in sql.rows(_FAILED_BY_MONTH, {"since": since})
    ]


def gate_shut_since(*, now: datetime) -> datetime | None:
    """Return when Stripe's transfers were last checked, if payouts have waited for the next check for too long."""
    rows = list(sql.rows(_SHUT_GATE, {"before": now - GATE_LATE}))
    return rows[0]["since"] if rows else None
