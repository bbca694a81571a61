"""What one creator earned, by API and month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

from database import sql

_BY_MONTH = sql.read(Path(__file__).with_name("by_month.sql"))
_WITHOUT_API = {"others": "All other APIs", "adjustments": "Adjustments"}


@dataclass(frozen=True, slots=True)
class EarnedBy:
    """What one API earned, net, in signed minor units, by the first day of the month; None is all before.

    Without an API it is the sum of all that aren't named, or of adjustments.
    """

    title: str
    api: UUID | None
    months: dict[date | None, int] = field(default_factory=dict)

    def in_month(self, month: date | None) -> int:
        return self.months.get(month, 0)

    @property
    def lifetime(self) -> int:
        return sum(self.months.values())


def earned_by_month(creator_id: UUID, *, first: date, named: int) -> Mapping[str, Sequence[EarnedBy]]:
    """Return a creator's net by currency: of the `named` APIs that earned most, and then of all others together.

    Months from `first` on are told one by one.
    """
    by_currency: dict[str, dict[UUID | str, EarnedBy]] = {}
    for row in sql.rows(_BY_MONTH, {"creator": creator_id, "first": first, "named": named}):
        kept = by_currency.setdefault(row["currency"], {})
        title = row["title"] or _WITHOUT_API[row["others"]]
        earned = kept.setdefault(row["api"] or row["others"], EarnedBy(title, row["api"]))
        earned.months[row["month"]] = row["net"]
    return {currency: list(kept.values()) for currency, kept in by_currency.items()}
