"""What creators owe the platform: carried until they earn it, or two people write it off."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from database import sql
from money import Money

_NEGATIVE = sql.read(Path(__file__).with_name("negative_balances.sql"))


@dataclass(frozen=True, slots=True)
class NegativeBalance:
    """What one creator owes, positive, and since when; `last_earned` is None if sales never brought anything.

    `since` is when the balance fell below zero and did not come back since.
    """

    creator_id: UUID
    external_id: str
    owed: Money
    since: datetime
    last_earned: datetime | None


def negative_balances(*, most: int | None = None) -> list[NegativeBalance]:
    """List who owes the platform (at most so many), who owes for longest first."""
    return [
        NegativeBalance(
            creator_id=row["creator_id"],
            external_id=row["external_id"],
            owed=Money(row["owed"], row["currency"]),
            since=row["since"],
            last_earned=row["last_earned"],
        )
        for row in sql.rows(_NEGATIVE, {"most": most})
    ]
