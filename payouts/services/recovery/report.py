"""What a recovery found, and what became of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from money import Money
from payouts.services.recovery.placing import How, Placed

# No attempt here has these afterwards.
UNPLACED = (How.CAME_BACK, How.UNEXPECTED, How.UNNAMED)


@dataclass(slots=True)
class Report:
    """The result of a recovery. Amounts are by currency, in minor units.

    `accounts` and `reversals` count what was taken over. `owed` is what transfers exceed the earnings of their payouts
    by, which the creators owe; `carried` what they fall short by, which the creators get later. `cancelled` counts the
    waiting payouts that gave way. `unplaced` are the transfers that have no payout: what is left of them is for
    a person. `foreign` counts the transfers of each other installation, which keep sending paused.
    """

    accounts: int = 0
    transfers: Counter[How] = field(default_factory=Counter)
    amounts: Counter[str] = field(default_factory=Counter)
    owed: Counter[str] = field(default_factory=Counter)
    carried: Counter[str] = field(default_factory=Counter)
    cancelled: int = 0
    reversals: int = 0
    unplaced: list[Placed] = field(default_factory=list)
    foreign: Counter[UUID] = field(default_factory=Counter)

    def add(self, placed: Placed) -> None:
        currency = placed.transfer.currency
        self.transfers[placed.how] += 1
        self.amounts[currency] += placed.transfer.amount
        self.owed[currency] += max(-placed.carried, 0)
        self.carried[currency] += max(placed.carried, 0)
        self.cancelled += placed.cancelled
        if placed.how in UNPLACED:
            self.unplaced.append(placed)

    def money(self, amounts: Counter[str]) -> Sequence[Money]:
        return [Money(amount, currency) for currency, amount in sorted(amounts.items()) if amount]
