"""Running totals of what creators were paid, so that reading them stays fast however long the history."""

from pathlib import Path
from uuid import UUID

from database import sql

_MOVE = sql.read(Path(__file__).with_name("paid_totals.sql"))


def add_to_paid(payout_id: UUID) -> None:
    """Add a payout's earnings to the totals, in the transaction that marks it paid."""
    sql.run(_MOVE, {"payout": payout_id, "sign": 1})


def take_from_paid(payout_id: UUID) -> None:
    """Subtract a payout's earnings from the totals, before any of them is released."""
    sql.run(_MOVE, {"payout": payout_id, "sign": -1})
