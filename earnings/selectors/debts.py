"""What creators owe the platform: carried forward until they earn it, or it is written off."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from database import sql
from money import Money

_NEGATIVE = sql.read(Path(__file__).with_name("negative_balances.sql"))


@dataclass(frozen=True, slots=True)
class NegativeBalance:
    """What one creator owes, as a positive amount.

    `since` is when the balance last fell below zero. `last_earned` is None if the creator never earned from sales, and
    `written_off` what was last given up, if anything ever was.
    """

    creator_id: UUID
    external_id: str
    owed: Money
    since: datetime
    last_earned: datetime | None
    written_off: Money | None
    written_off_at: datetime | None


def negative_balances(*, limit: int | None = None, offset: int = 0) -> list[NegativeBalance]:
    """List the creators who owe the platform, longest debt first."""
    return [
        NegativeBalance(
            creator_id=row["creator_id"],
            external_id=row["external_id"],
            owed=Money(row["owed"], row["currency"]),
            since=row["since"],
            last_earned=row["last_earned"],
            written_off=Money(row["written_off"], row["currency"]) if row["written_off"] else None,
            written_off_at=row["written_off_at"],
        )
        for row in sql.rows(_NEGATIVE, {"limit": limit, "offset": offset})
    ]
