"""Quarantined records whose cause is mended enter by themselves."""

import json
import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction

from database import sql
from database.halving import do_in_halves, is_by_the_data
from earnings.models import BillingSource, QuarantinedRecord, Reason, Resolution
from earnings.records import Rules, StagedBatch, StagedRecord, stage
from earnings.services.intake import take_in

_MENDED = sql.read(Path(__file__).with_name("mended.sql"))
AT_ONCE = 5_000
logger = logging.getLogger(__name__)


def enter_mended(*, now: datetime) -> int:
    """Take in every quarantined record whose cause is gone by now; return how many entered.

    One that enters may mend others (a charge, its refunds), so this goes on until none is left. One that can't enter
    for a cause of its own stays and isn't tried again.
    """
    total = 0
    while entered := _enter_once(now=now):
        total += entered
    return total


def _enter_once(*, now: datetime) -> int:
    names: dict[str, Any] = {"now": now, "paid": list(settings.MINIMUM_PAYOUT), "limit": AT_ONCE}
    rules = Rules.at(now)
    by_source: dict[int, list[StagedRecord]] = defaultdict(list)
    for row in _mended(names):
        record = stage(row["id"], json.loads(row["content"]), rules)
        by_source[row["source_id"]].append(record._replace(content=row["content"]))
    return sum(
        entered
        for source, records in by_source.items()
        for entered in do_in_halves(
            records, act=partial(_enter, BillingSource.objects.get(pk=source)), give_up=_leave
        )
    )


def _mended(names: dict[str, Any]) -> list[dict[str, Any]]:
    """Find what can enter; nothing, if what is held can't even be looked at: posting goes on without it."""
    try:
        with transaction.atomic():
            return list(sql.rows(_MENDED, names))
    except DatabaseError as error:
        if not is_by_the_data(error):
            raise
        logger.exception("no quarantined record can enter: one of them can't be read")
        return []


def _enter(source: BillingSource, records: Sequence[StagedRecord]) -> int:
    batch = StagedBatch.of(records)
    return take_in(batch, source=source, origin="quarantine", resolution=Resolution.ENTERED).accepted


def _leave(record: StagedRecord, error: DatabaseError) -> int:
    logger.error("quarantined record %s can't enter", record.line, exc_info=error)
    QuarantinedRecord.objects.filter(pk=record.line).update(reason=Reason.UNPOSTABLE)
    return 0
