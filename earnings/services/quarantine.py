"""Quarantined records whose cause is mended enter by themselves."""

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction

from database import sql
from database.halving import do_in_halves, is_by_the_data
from earnings.models import WAITING, BillingSource, QuarantinedRecord, Reason, Recheck
from earnings.reading.records import Rules, StagedBatch, StagedRecord, stage
from earnings.services.intake import take_in

_SQL = Path(__file__).parent / "quarantine_sql"
_FIND, _LOAD, _LAST_WORDS = (sql.read(_SQL / f"{name}.sql") for name in ("find", "load", "last_words"))
AT_ONCE = 5_000
RECHECKS_AT_ONCE = 1_000
logger = logging.getLogger(__name__)


def enter_mended(*, now: datetime) -> int:
    """Take in every quarantined record whose cause is gone by now; return how many entered.

    Only those are looked at that wait for something that has changed since the last time. One that enters may mend
    others (a charge, its refunds), so this goes on until none is left. One that can't enter for a cause of its own
    stays, and isn't tried again before something changes once more.
    """
    total = 0
    while True:
        rechecks, parts = _find(now=now)
        entered = sum(_enter_part(now=now, **part) for part in parts)
        if rechecks:
            Recheck.objects.filter(pk__in=rechecks).delete()
        total += entered
        if not entered and len(rechecks) < RECHECKS_AT_ONCE:
            return total


def _take_turn() -> None:
    """Wait for who looks for records that can enter, or has some enter, until the caller's transaction ends.

    Otherwise one could look for what waits for an API just before another has it wait for that.
    """
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended('earnings.quarantine', 0))")


def _find(*, now: datetime) -> tuple[list[int], list[dict[str, Any]]]:
    """Find what can enter, and why it was looked for.

    That is nothing if what is held can't even be looked at: posting goes on without it.
    """
    try:
        with transaction.atomic():
            _take_turn()
            rechecks = list(Recheck.objects.order_by("pk")[:RECHECKS_AT_ONCE])
            names = {
                "apis": [recheck.api_id for recheck in rechecks if recheck.api_id],
                "batches": [recheck.batch_id for recheck in rechecks if recheck.batch_id],
                "waiting": list(WAITING),
                "paid": list(settings.MINIMUM_PAYOUT),
                "now": now,
                "told_now": now.astimezone(UTC).isoformat(),
                "limit": AT_ONCE,
            }
            return [recheck.pk for recheck in rechecks], list(sql.rows(_FIND, names))
    except DatabaseError as error:
        if not is_by_the_data(error):
            raise
        logger.exception("no quarantined record can enter: one of them can't be read")
        return [], []


def _enter_part(*, source_id: int, ids: list[int], now: datetime) -> int:
    """Have records of one source enter; those that name the same charge stay together as long as they can."""
    source = BillingSource.objects.get(pk=source_id)
    rules = Rules.at(now)
    groups = [
        [stage(row["id"], json.loads(row["content"]), rules)._replace(content=row["content"]) for row in rows]
        for _, rows in groupby(sql.rows(_LOAD, {"ids": ids}), key=itemgetter("together"))
    ]
    return sum(do_in_halves(groups, act=partial(_enter, source), give_up=partial(_enter_apart, source)))


def _enter(source: BillingSource, groups: Sequence[list[StagedRecord]]) -> int:
    _take_turn()
    # As for any intake, but before it is known which records are still the last word under their ids.
    BillingSource.objects.select_for_update(no_key=True).get(pk=source.pk)
    records = {record.line: record for group in groups for record in group}
    held = [row["id"] for row in sql.rows(_LAST_WORDS, {"ids": list(records)})]
    batch = StagedBatch.of([records[number] for number in held])
    return take_in(batch, source=source, origin="quarantine", held=held).accepted if held else 0


def _enter_apart(source: BillingSource, group: list[StagedRecord], error: DatabaseError) -> int:
    apart = [[record] for record in group]
    return sum(do_in_halves(apart, act=partial(_enter, source), give_up=_leave))


def _leave(group: list[StagedRecord], error: DatabaseError) -> int:
    (record,) = group
    logger.error("quarantined record %s can't enter", record.line, exc_info=error)
    QuarantinedRecord.objects.filter(pk=record.line).update(reason=Reason.UNPOSTABLE)
    return 0
