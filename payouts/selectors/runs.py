"""What staff check before they trust a run: that its sums agree, and whom it pays unlike the run before."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal
from uuid import UUID

from database import sql
from money import Money
from payouts.models import PayoutRun
from payouts.states import DEAD, DecisionReason

_SQL = Path(__file__).parent / "runs_sql"
_CONTROL_TOTALS, _CHANGES = (sql.read(_SQL / f"{name}.sql") for name in ("control_totals", "changes"))
GROWTH = 3
CHANGED_WITHIN = timedelta(days=30)
NAMED = 10


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """A run's payouts in one currency, summed from independent places; at Stripe are only those that were sent.

    What is at Stripe is what Stripe answered to each transfer. The nightly reconciliation compares it with Stripe.
    """

    stage: Literal["made", "sent"]
    count: int
    decided: Money
    payouts: Money
    lines: Money
    ledger: Money
    at_stripe: Money | None

    @property
    def agree(self) -> bool:
        sums = {self.decided, self.payouts, self.lines, self.ledger}
        return len(sums if self.at_stripe is None else sums | {self.at_stripe}) == 1


class ChangeKind(StrEnum):
    """How a run treats a creator unlike the run before it."""

    FIRST = "first"
    NEW = "new"
    GONE = "gone"
    GROWN = "grown"
    DESTINATION = "destination"


@dataclass(frozen=True, slots=True)
class Change:
    """One creator whom a run treats unlike the run before; the amounts are None where it made them no payout."""

    creator_id: UUID
    now: Money | None
    before: Money | None
    reason: DecisionReason | None


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes of one kind in one currency: their number, their sum, and the largest of them.

    The sum is of what the run pays; for creators it no longer pays, of what the run before paid.
    """

    kind: ChangeKind
    count: int
    total: Money
    largest: list[Change]


def control_totals(run: PayoutRun) -> list[ControlTotals]:
    """Sum a run's payouts by currency, first all that were made, then those that were sent.

    A retry counts instead of the payout that it replaced.
    """
    return [
        ControlTotals(
            stage=row["stage"],
            count=row["count"],
            decided=Money(row["decided"], row["currency"]),
            payouts=Money(row["payouts"], row["currency"]),
            lines=Money(row["lines"], row["currency"]),
            ledger=Money(row["ledger"], row["currency"]),
            at_stripe=None if row["at_stripe"] is None else Money(row["at_stripe"], row["currency"]),
        )
        for row in sql.rows(_CONTROL_TOTALS, {"run": run.pk})
    ]


def run_before(run: PayoutRun) -> PayoutRun | None:
    """Return the last complete run with an earlier cut-off."""
    earlier = PayoutRun.objects.filter(cutoff__lt=run.cutoff, completed_at__isnull=False)
    return earlier.order_by("-cutoff").first()


def changes_of(run: PayoutRun) -> list[Changes]:
    """Compare whom a run pays with the run before it, by kind and currency; of each, name the `NAMED` largest.

    An amount has grown if it is over `GROWTH` times the one before, and a bank account or card has changed if another
    replaced it in the `CHANGED_WITHIN` before the run was made.
    """
    before = run_before(run)
    params = {
        "run": run.pk,
        "before": before.pk if before else None,
        "cutoff": run.cutoff,
        "growth": GROWTH,
        "changed_since": run.created_at - CHANGED_WITHIN,
        "made_at": run.created_at,
        "dead": list(DEAD),
        "limit": NAMED,
    }
    found: dict[tuple[str, str], Changes] = {}
    for row in sql.rows(_CHANGES, params):
        currency = row["currency"]
        kind = ChangeKind(row["kind"])
        changes = found.setdefault(
            (kind, currency), Changes(kind, row["count"], Money(row["total"], currency), largest=[])
        )
        changes.largest.append(
            Change(
                creator_id=row["creator_id"],
                now=None if row["now"] is None else Money(row["now"], currency),
                before=None if row["before"] is None else Money(row["before"], currency),
                reason=DecisionReason(row["reason"]) if row["reason"] else None,
            )
        )
    order = list(ChangeKind)
    return sorted(found.values(), key=lambda changes: (order.index(changes.kind), changes.total.currency))
