"""Write-offs: later earnings undo them, and refunds of those earnings restore them.

These count as earned: billing records (sales, refunds, chargebacks and their reversals), unexpected transfers and
their reversals, and adjustments that count as earned. How much of each write-off is undone in each period depends only
on what was earned since the latest write-off. The order of arrival and payouts made meanwhile don't matter, so
earnings released by a failed payout undo nothing.
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
    """Start counting what is earned after this write-off, in the transaction that books it."""
    sql.run(_BEGIN, {"write_off": write_off.pk})


def count(earned: str, parameters: Mapping[str, Any], *, now: datetime) -> None:
    """Count what was just earned, in the transaction that books it, and settle write-offs.

    `earned` selects (creator_id, currency, period_end, amount). Only these creators are settled, so that a problem with
    another creator can't stop them.
    """
    if creators := _lock(earned, parameters):
        sql.run(sql.read(_SQL / "count.sql", earned=earned), {**parameters, "creators": creators})
        _settle(creators, now=now)


def settle_all(*, now: datetime) -> None:
    """Settle every write-off that is out of date; skip creators for whom that fails.

    Booking earnings already settles write-offs, so this finds nothing unless the tables were changed from outside.
    """
    everyone = [row["creator_id"] for row in sql.rows(_ALL)]
    unsettled = {row["creator_id"] for row in sql.rows(_DIFFERENCE, {"creators": everyone})}
    if unsettled:
        do_in_halves(sorted(unsettled), act=partial(_settle_set, now=now), give_up=_skip)


def _settle_set(creators: Sequence[UUID], *, now: datetime) -> None:
    params = {"creators": list(creators)}
    _settle(_lock("SELECT unnest(%(creators)s::uuid[]) AS creator_id", params), now=now)


def _lock(earned: str, parameters: Mapping[str, Any]) -> list[UUID]:
    """Lock and return those of the creators who have write-offs, until the caller's transaction ends."""
    rows = sql.rows(sql.read(_SQL / "lock.sql", earned=earned), parameters)
    return list({row["creator_id"]: None for row in rows})


def _settle(creators: list[UUID], *, now: datetime) -> None:
    params = {
        "creators": creators,
        "undone": AdjustmentKind.WRITE_OFF_UNDONE.label,
        "restored": AdjustmentKind.WRITE_OFF_RESTORED.label,
        "now": now,
    }
    if booked := [row["id"] for row in sql.rows(_SETTLE, params)]:
        ledger.post_set(_LEDGER, {"ids": booked, "other_side": AccountKind.WRITE_OFFS.value})


def _skip(creator: UUID, error: DatabaseError) -> None:
    logger.error("the write-offs of creator %s can't be settled", creator, exc_info=error)
