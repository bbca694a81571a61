"""What a payout doesn't send of its earnings, or sends beyond them, is carried over to a later payout."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from database import sql
from earnings.models import AdjustmentKind
from earnings.services.adjustments import BOOKED_LINES, OTHER_SIDE

_CARRY = Path(__file__).parent / "carrying_sql" / "carry.sql"
# The lines that the caller books, with the parameters that `carry_over` returns.
LEDGER = BOOKED_LINES


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """Two adjustments for each amount: `taken` are the earnings of those that the payout claims."""

    taken: list[UUID]
    ledger: Mapping[str, Any]


def carry_over(carried: str, parameters: Mapping[str, Any], *, why: str) -> CarriedOver:
    """Take an amount from what a payout claims, and owe it after the cut-off, in the caller's transaction.

    With a negative amount, the payout gets more than it claims, and the creator owes that after the cut-off.

    `carried` selects (creator_id, currency, amount, period_end), the amount in minor units and the period that of the
    payout; `parameters` are that query's parameters, `cutoff` and `now`. The caller books the `ledger` lines.
    """
    given = {**parameters, "label": AdjustmentKind.CARRIED_OVER.label, "why": why}
    made = list(sql.rows(sql.read(_CARRY, carried=carried), given))
    return CarriedOver(
        taken=[row["earning_id"] for row in made if row["is_taken"]],
        ledger={
            "ids": [row["id"] for row in made],
            "other_side": OTHER_SIDE[AdjustmentKind.CARRIED_OVER].value,
        },
    )
