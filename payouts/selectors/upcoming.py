"""When a creator will be paid, how much, and what blocks it."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from database import sql
from money import Period, month_of
from payouts.explanations import Blocker, explain_blocker
from payouts.selectors.blockers import BLOCKERS, CLAIMABLE, blocker_rules
from payouts.selectors.cutoffs import due_at, next_cutoff
from payouts.selectors.figures import pick_currency

_UPCOMING = sql.read(Path(__file__).parent / "upcoming.sql", blockers=BLOCKERS, claimable=CLAIMABLE)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The next payout if nothing more were sold; amounts are signed minor units.

    `unclaimed_net` is everything that is in no payout. `payable_net` is what the run would pay: what was earned
    in `period`, less debts of later periods. `minimum` is None if none is set for the currency. `blockers` are in the
    order in which the run checks them.
    """

    currency: str
    day: date
    period: Period
    unclaimed_net: int
    payable_net: int
    minimum: int | None
    blockers: tuple[str, ...]

    @property
    def eligible(self) -> bool:
        return not self.blockers

    @property
    def explained_blockers(self) -> list[Blocker]:
        return [explain_blocker(code) for code in self.blockers]

    @property
    def shortfall(self) -> int | None:
        """How much more must be earned to reach the minimum."""
        return None if self.minimum is None else max(self.minimum - self.payable_net, 0)


def upcoming_of(creator_id: UUID, *, requested: str | None, now: datetime) -> Upcoming:
    """Forecast the next payout, in the requested currency or in the creator's."""
    cutoff = next_cutoff(now=now)
    params = {
        "creator": creator_id,
        "cutoff": cutoff,
        "requested": requested or settings.DEFAULT_CURRENCY,
        **blocker_rules(now=now),
    }
    rows = {row["currency"]: row for row in sql.rows(_UPCOMING, params)}
    currency = pick_currency([name for name, row in rows.items() if row["booked"]], requested=requested)
    row = rows[currency]
    return Upcoming(
        currency=currency,
        day=max(due_at(cutoff), now).date(),
        period=Period(row["period_start"] or month_of(cutoff).previous_month().start, cutoff),
        unclaimed_net=row["unclaimed_net"],
        payable_net=row["payable_net"],
        minimum=settings.MINIMUM_PAYOUT.get(currency),
        blockers=tuple(row["blockers"]),
    )
