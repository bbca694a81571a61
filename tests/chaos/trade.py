"""The month's sales, what is refunded of them, and what everyone must have earned in the end."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

CUTOFF = "2026-10-01"
SOURCE = "billing"
# Most are paid in dollars. Euro and pounds are converted, and forints are paid in whole hundreds.
COUNTRIES = ("US", "US", "US", "US", "GB", "DE", "HU")
HEADER = "record_id,kind,api_id,amount,currency,occurred_at,related_record_id"


class Trade:
    """Each creator sells one API; `gross` is the total of each creator's records, in cents."""

    def __init__(self, *, creators: int, chance: random.Random) -> None:
        self._chance = chance
        self._left: dict[str, int] = {}
        self._seller: dict[str, str] = {}
        self.creators = [f"creator-{number}" for number in range(creators)]
        self.gross: Counter[str] = Counter()

    def write_catalog(self, path: Path, creators: Sequence[str]) -> None:
        rows = [
            f"api-of-{name},API of {name},{name},{name}@example.com,{self._chance.choice(COUNTRIES)}"
            for name in creators
        ]
        path.write_text("\n".join(["api_id,api_name,creator_id,creator_email,creator_country", *rows]))

    def write_month(self, path: Path) -> None:
        """Write a month of charges, some of them refunded within the month."""
        rows = [HEADER]
        for name in self.creators:
            # Some sell less than the minimum payout.
            most = 90_000 if self._chance.random() < 0.95 else 300
            for number in range(self._chance.randint(1, 12)):
                record_id, amount = f"{name}-{number}", self._chance.randint(100, most)
                moment = f"2026-09-{self._chance.randint(1, 30):02}T{self._chance.randint(0, 23):02}:00:00Z"
                rows.append(f"{record_id},charge,api-of-{name},{amount},USD,{moment},")
                self._left[record_id], self._seller[record_id] = amount, name
                self.gross[name] += amount
                if self._chance.random() < 0.05:
                    taken = self._take_back(record_id)
                    rows.append(f"{record_id}-early,refund,,{taken},USD,2026-09-30T23:59:59Z,{record_id}")
        path.write_text("\n".join(rows))

    def refunds(self, count: int) -> list[Mapping[str, object]]:
        """Return refunds and chargebacks of the month, which billing pushes while it is being paid."""
        charges = [record_id for record_id, left in self._left.items() if left > 1]
        return [
            {
                "record_id": f"{charge}-late-{self._left[charge]}",
                "kind": self._chance.choice(("refund", "chargeback")),
                "amount": self._take_back(charge),
                "currency": "USD",
                "occurred_at": "2026-09-30T23:59:59Z",
                "related_record_id": charge,
            }
            for charge in self._chance.sample(charges, min(count, len(charges)))
        ]

    def _take_back(self, charge: str) -> int:
        taken = self._chance.randint(1, self._left[charge])
        self._left[charge] -= taken
        self.gross[self._seller[charge]] -= taken
        return taken
