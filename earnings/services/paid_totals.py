"""What creators were paid so far, kept as sums, so that reading it costs the same however long they sell."""

from pathlib import Path
from uuid import UUID

from database import sql

_MOVE = sql.read(Path(__file__).with_name("paid_totals.sql"))


def add_to_paid(payout_id: UUID) -> None:
    """Count the rows of a payout as paid, in the transaction that says so."""
    sql.run(_MOVE, {"payout": payout_id, "sign": 1})


def take_from_paid(payout_id: UUID) -> None:
    """Count the rows of a payout as paid no longer, before any of them is given back."""
    sql.run(_MOVE, {"payout": payout_id, "sign": -1})
