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
_LOCK, _BEGIN, _COUNT, _DIFFERENCE, _SETTLE = (
    sql.read(_SQL / f"{name}.sql") for name in ("lock", "begin", "count", "difference", "settle")
)
_LEDGER = sql.read(Path(__file__).parent / "adjustment_sql" / "ledger.sql")
_WRITTEN_OFF = "SELECT creator_id FROM adjustments WHERE kind = 'write_off' AND status = 'approved'"
logger = logging.getLogger(__name__)


def begin(write_off: Adjustment) -> None:
    """Count what is earned from this write-off's booking on, in the transaction that booked it."""
    sql.run(_BEGIN, {"write_off": write_off.pk})


def count(earned: str, parameters: Mapping[str, Any], *, now: datetime) -> int:
    """Count what was just earned, in the transaction that booked it, and settle write-offs; return how many rows.

    `earned` selects (creator_id, currency, period_end, amount), and only these creators are looked at: what is wrong
    with somebody else must not stop them.
    """
    concerned = f"SELECT creator_id FROM ({earned}) AS earned"  # noqa: S608
    sql.run(_LOCK.replace("/* creators */", concerned), parameters)
    if not sql.run(_COUNT.replace("/* earned */", earned), parameters):
        return 0
    return _settle(concerned, parameters, now=now)


def settle_all(*, now: datetime) -> None:
    """Settle every write-off that isn't as it should be; a creator whose write-offs can't be is left as they are.

    Whatever is earned settles them by itself. So this finds nothing, unless somebody else has changed the tables.
    """
    unsettled = sql.rows(f"SELECT DISTINCT creator_id FROM ({_difference(_WRITTEN_OFF)}) AS unsettled")  # noqa: S608
    if creators := [row["creator_id"] for row in unsettled]:
        do_in_halves(creators, act=partial(_settle_set, now=now), give_up=_leave)


def _settle_set(creators: Sequence[UUID], *, now: datetime) -> int:
    concerned, parameters = "SELECT unnest(%(creators)s::uuid[])", {"creators": list(creators)}
    sql.run(_LOCK.replace("/* creators */", concerned), parameters)
    return _settle(concerned, parameters, now=now)


def _settle(creators: str, parameters: Mapping[str, Any], *, now: datetime) -> int:
    names = {
        **parameters,
        "undone": AdjustmentKind.WRITE_OFF_UNDONE.label,
        "restored": AdjustmentKind.WRITE_OFF_RESTORED.label,
        "now": now,
    }
    booked = [
        row["id"] for row in sql.rows(_SETTLE.replace("/* difference */", _difference(creators)), names)
    ]
    if booked:
        ledger.post_set(_LEDGER, {"ids": booked, "other_side": AccountKind.WRITE_OFFS.value})
    return len(booked)


def _difference(creators: str) -> str:
    return _DIFFERENCE.replace("/* creators */", creators)


def _leave(creator: UUID, error: DatabaseError) -> int:
    logger.error("the write-offs of creator %s can't be settled", creator, exc_info=error)
    return 0
