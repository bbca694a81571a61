"""Where all that a creator ever earned is now: paid, on its way, available, or owed back."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from database import sql
from earnings.models import AdjustmentKind
from payouts.states import FINISHED

_BALANCE = sql.read(Path(__file__).parent / "balance.sql")
_WRITE_OFFS = [
    AdjustmentKind.WRITE_OFF,
    AdjustmentKind.WRITE_OFF_UNDONE,
    AdjustmentKind.WRITE_OFF_RESTORED,
]


@dataclass(frozen=True, slots=True)
class Balance:
    """What a creator earned in one currency, and where it is; signed minor units.

    `lifetime_net` includes adjustments (`adjusted`), of which write-offs still in effect are `written_off`.
    `unclaimed_net` is in no payout, `on_its_way` in payouts that are neither paid nor dead. `booked` is the balance
    of the creator's payable account in the ledger.
    """

    currency: str
    lifetime_net: int
    unclaimed_net: int
    on_its_way: int
    paid: int
    adjusted: int
    written_off: int
    booked: int

    @property
    def available(self) -> int:
        """What later payouts will pay."""
        return max(self.unclaimed_net, 0)

    @property
    def owed(self) -> int:
        """What the creator owes the platform."""
        return max(-self.unclaimed_net, 0)

    @property
    def adds_up(self) -> bool:
        """Whether the parts are the whole, and the ledger agrees with what is unclaimed."""
        parts = self.available + self.on_its_way + self.paid - self.owed
        return self.lifetime_net == parts and self.booked == self.unclaimed_net


def balances_of(creator_id: UUID) -> list[Balance]:
    """Return a creator's balance in each currency in which they earned anything, by currency."""
    params = {"creator": creator_id, "finished": list(FINISHED), "write_offs": _WRITE_OFFS}
    return [Balance(**row) for row in sql.rows(_BALANCE, params)]
