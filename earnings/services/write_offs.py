"""Write-offs: what a creator earns after one undoes it, and what is taken back of that restores it.

What counts as earned is what billing records say (sales, refunds, chargebacks and their reversals), transfers found
unexpectedly and their reversals, and adjustments that say so. How much of each write-off is undone, in each period,
follows from what was earned since the latest one and from nothing else: not from the order in which it arrived, nor
from what was paid meanwhile, so rows that a dead payout gives back undo nothing.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import DatabaseError

from database import sql
from database.halving import do_in_halves
from earnings.models import Adjustment, AdjustmentKind
from ledger import services as ledger
from ledger.models import AccountKind

_SQL = Path(__file__).parent / "write_off_sql"
_BEGIN, _DIFFERENCE = (sql.read(_SQL / f"{name}.sql") for name in ("begin", "difference"))
_SETTLE = sql.read(_SQL / "settle.sql", difference=_DIFFERENCE)
_LEDGER = sql.read(Path(__file__).parent / "adjustment_sql" / "ledger.sql")
_ALL = "SELECT DISTINCT creator_id FROM adjustments WHERE kind = 'write_off' AND status = 'approved'"
logger = logging.getLogger(__name__)


def begin(write_off: Adjustment) -> None:
    """Count what is earned from this write-off's booking on, in the transaction that booked it."""
    sql.run(_BEGIN, {"write_off": write_off.pk})


def count(earned: str, parameters: Mapping[str, Any], *, now: datetime) -> None:
    """Count what was just earned, in the transaction that booked it, and settle write-offs.

    `earned` selects (creator_id, currency, period_end, amount), and only these creators are looked at: what is wrong
    with somebody else must not stop them.
    """
    if creators := _lock(earned, parameters):
        sql.run(sql.read(_SQL / "count.sql", earned=earned), {**parameters, "creators": creators})
        _settle(creators, now=now)


def settle_all(*, now: datetime) -> None:
    """Settle every write-off that isn't as it should be; a creator whose write-offs can't be is left as they are.

    Whatever is earned settles them by itself. So this finds nothing, unless somebody else has changed the tables.
    """
    everyone = [row["creator_id"] for row in sql.rows(_ALL)]
    unsettled = {row["creator_id"] for row in sql.rows(_DIFFERENCE, {"creators": everyone})}
    if unsettled:
        do_in_halves(sorted(unsettled), act=partial(_settle_set, now=now), give_up=_leave)


def _settle_set(creators: Sequence[UUID], *, now: datetime) -> None:
    names = {"creators": list(creators)}
    _settle(_lock("SELECT unnest(%(creators)s::uuid[]) AS creator_id", names), now=now)


def _lock(earned: str, parameters: Mapping[str, Any]) -> list[UUID]:
    """Return whom of those who earned something write-offs are of, locked until the caller's transaction ends."""
    rows = sql.rows(sql.read(_SQL / "lock.sql", earned=earned), parameters)
    return list({row["creator_id"]: None for row in rows})


def _settle(creators: list[UUID], *, now: datetime) -> None:
    names = {
        "creators": creators,
        "undone": AdjustmentKind.WRITE_OFF_UNDONE.label,
        "restored": AdjustmentKind.WRITE_OFF_RESTORED.label,
        "now": now,
    }
    if booked := [row["id"] for row in sql.rows(_SETTLE, names)]:
        ledger.post_set(_LEDGER, {"ids": booked, "other_side": AccountKind.WRITE_OFFS.value})


def _leave(creator: UUID, error: DatabaseError) -> None:
    logger.error("the write-offs of creator %s can't be settled", creator, exc_info=error)
