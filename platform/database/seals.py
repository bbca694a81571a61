"""Sealing each day's acts, so that whoever can change the database can't change what staff did unnoticed."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Min

from database import sql
from database.models import ActSeal, RecordedAct

_SEAL = sql.read(Path(__file__).with_name("seal.sql"))
# Waits until the acts that are being written are committed, and keeps out others, and another sealing.
_LOCK = "LOCK TABLE acts IN SHARE ROW EXCLUSIVE MODE"
logger = logging.getLogger(__name__)


@transaction.atomic
def seal_days(*, now: datetime) -> int:
    """Seal each day that is over and not sealed yet, from the first act on; return how many were sealed.

    Each seal is logged too: the log shows if the last seals were taken away together with their acts.
    """
    sql.run(_LOCK)
    last = ActSeal.objects.order_by("-day").first()
    first = RecordedAct.objects.aggregate(at=Min("at"))["at"]
    if last is None and first is None:
        return 0
    day = last.day + timedelta(days=1) if last else first.astimezone(UTC).date()
    sealed = 0
    while day < now.astimezone(UTC).date():
        for row in sql.rows(_SEAL, {"day": day}):
            logger.info("sealed the acts of %s: %s, digest %s", day, row["acts"], row["digest"])
        day += timedelta(days=1)
        sealed += 1
    return sealed
