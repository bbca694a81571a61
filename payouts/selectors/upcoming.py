"""When a creator will be paid, how much, and what stands in the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.models import AccountStatus
from database import sql
from money import Period, month_of
from payouts.explanations import ACCOUNT_DISABLED, ACCOUNT_GONE, COOLING_DOWN, DESTINATION_REFUSED
from payouts.selectors.cutoffs import due_at, next_cutoff
from payouts.selectors.figures import pick_currency
from payouts.states import BLOCKS_THE_NEXT, MAY_BE_OVERTAKEN, DecisionReason

_UPCOMING = sql.read(Path(__file__).parent / "upcoming.sql")
_ACCOUNT_BLOCKERS: dict[str, str] = {
    AccountStatus.NOT_CREATED: DecisionReason.NO_ACCOUNT,
    AccountStatus.PENDING: DecisionReason.ONBOARDING_INCOMPLETE,
    AccountStatus.ONBOARDING: DecisionReason.ONBOARDING_INCOMPLETE,
    AccountStatus.RESTRICTED: DecisionReason.ACCOUNT_RESTRICTED,
    AccountStatus.DISABLED: ACCOUNT_DISABLED,
}


_HOLD_BLOCKERS: dict[str, str] = {
    "on_hold": DecisionReason.ON_HOLD,
    "destination_refused": DESTINATION_REFUSED,
    "cooling_down": COOLING_DOWN,
}


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
    def shortfall(self) -> int | None:
        """How much must still be earned until the minimum is reached."""
        return None if self.minimum is None else max(self.minimum - self.payable_net, 0)


def upcoming_of(creator_id: UUID, *, asked: str | None, now: datetime) -> Upcoming:
    """Foresee the next payout, in the currency asked for or the creator's own."""
    cutoff = next_cutoff(now=now)
    names = {"creator": creator_id, "cutoff": cutoff, **previous_payouts(now=now)}
    found = {row["currency"]: row for row in sql.rows(_UPCOMING, names)}
    currency = pick_currency([name for name in found if name is not None], asked=asked)
    # Of a currency in which nothing was earned only the account and the holds are known.
    seen = found.get(currency) or {**next(iter(found.values())), **_NOTHING}
    minimum = settings.MINIMUM_PAYOUT.get(currency)
    return Upcoming(
        currency=currency,
        day=max(due_at(cutoff), now).date(),
        period=Period(seen["period_start"] or month_of(cutoff).previous_month().start, cutoff),
        unclaimed_net=seen["unclaimed_net"],
        payable_net=seen["payable_net"],
        minimum=minimum,
        blockers=tuple(_blockers(seen, minimum=minimum)),
    )


def previous_payouts(*, now: datetime) -> dict[str, Any]:
    """Name, for SQL, what of a creator's earlier payouts keeps the next from being made."""
    return {
        "blocks_the_next": list(BLOCKS_THE_NEXT),
        "may_be_overtaken": list(MAY_BE_OVERTAKEN),
        "overtaken_before": now - timedelta(days=settings.PREVIOUS_PAYOUT_DAYS),
    }


_NOTHING = {
    "unclaimed_net": 0,
    "payable_net": 0,
    "period_start": None,
    "previous_payout_open": False,
    "books_disagree": False,
}


def _blockers(seen: dict[str, Any], *, minimum: int | None) -> Iterator[str]:
    """List all that `decide.sql` would stumble over, one after the other, and what would hold the payout it makes."""
    if minimum is None:
        yield DecisionReason.NO_MINIMUM_FOR_CURRENCY
    if seen["payable_net"] < 0:
        yield DecisionReason.NEGATIVE_BALANCE
    elif minimum is not None and seen["payable_net"] < minimum:
        yield DecisionReason.BELOW_MINIMUM
    yield from (blocker for fact, blocker in _HOLD_BLOCKERS.items() if seen[fact])
    if seen["account_gone"]:
        yield ACCOUNT_GONE
    elif seen["country_refused"]:
        yield DecisionReason.COUNTRY_NOT_SUPPORTED
    elif blocker := _ACCOUNT_BLOCKERS.get(seen["account_status"]):
        yield blocker
    if seen["previous_payout_open"]:
        yield DecisionReason.PREVIOUS_PAYOUT_OPEN
    if seen["books_disagree"]:
        yield DecisionReason.BOOKS_DISAGREE
