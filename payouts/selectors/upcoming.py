"""When a creator will be paid, how much, and what stands in the way."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from database import sql
from money import Period, month_of
from payouts.explanations import Blocker, explain_blocker
from payouts.selectors.blockers import BLOCKERS, blocker_rules
from payouts.selectors.cutoffs import due_at, next_cutoff
from payouts.selectors.figures import pick_currency

_UPCOMING = sql.read(Path(__file__).parent / "upcoming.sql", blockers=BLOCKERS)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The next payout as it would be if nothing more were sold; amounts are signed minor units.

    `unclaimed_net` is everything that no payout has; the run looks only at the part earned in `period`.
    `minimum` is null where none is set for the currency. `blockers` are in the order in which the run asks.
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
        """How much must still be earned until the minimum is reached."""
        return None if self.minimum is None else max(self.minimum - self.payable_net, 0)


def upcoming_of(creator_id: UUID, *, asked: str | None, now: datetime) -> Upcoming:
    """Foresee the next payout, in the currency asked for or the creator's own."""
    cutoff = next_cutoff(now=now)
    names = {
        "creator": creator_id,
        "cutoff": cutoff,
        "asked": asked or settings.DEFAULT_CURRENCY,
        **blocker_rules(now=now),
    }
    found = {row["currency"]: row for row in sql.rows(_UPCOMING, names)}
    currency = pick_currency([name for name, row in found.items() if row["booked"]], asked=asked)
    seen = found[currency]
    return Upcoming(
        currency=currency,
        day=max(due_at(cutoff), now).date(),
        period=Period(seen["period_start"] or month_of(cutoff).previous_month().start, cutoff),
        unclaimed_net=seen["unclaimed_net"],
        payable_net=seen["payable_net"],
        minimum=settings.MINIMUM_PAYOUT.get(currency),
        blockers=tuple(seen["blockers"]),
    )
