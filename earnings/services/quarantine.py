"""Quarantined records enter automatically once the cause is gone."""

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

from database import acts, notices, sql
from database.acts import Kind
from database.halving import do_in_halves, is_by_the_data
from database.staff import Act
from earnings.models import WAITING, BillingSource, QuarantinedRecord, Reason, Recheck
from earnings.reading.records import Rules, StagedBatch, StagedRecord, stage
from earnings.selectors import quarantined_record
from earnings.services.intake import take_in

_SQL = Path(__file__).parent / "quarantine_sql"
_FIND, _LOAD, _LATEST_COPIES = (sql.read(_SQL / f"{name}.sql") for name in ("find", "load", "latest_copies"))
AT_ONCE = 5_000
RECHECKS_AT_ONCE = 1_000
logger = logging.getLogger(__name__)


def enter_ready(*, now: datetime) -> int:
    """Take in every quarantined record that can enter now; return how many entered.

    Only records that wait for something that has changed since are checked. A record that enters can make others
    ready (a charge its refunds), so this repeats until none is left. A record that fails for another reason stays, and
    isn't tried again until something changes.
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


def take_lock() -> None:
    """Lock the quarantine until the caller's transaction ends, so that only one finds or enters records at a time.

    Otherwise one could look for records that wait for an API just before another makes a record wait for it.
    """
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended('earnings.quarantine', 0))")


def try_again(quarantined_id: int, *, act: Act, now: datetime) -> bool:
    """Take in one record, if it can enter now; return whether it entered. The next posting adds it to the earnings.

    Otherwise it stays, with the reason that applies now.

    Raises: RecordNotInQuarantine.
    """
    with transaction.atomic():
        held = quarantined_record(quarantined_id)
        entered = bool(_enter_part(source_id=held.source_id, ids=[held.pk], now=now))
        acts.record(act, Kind.RETRY_QUARANTINE, subject=held, after={"entered": entered})
    if entered:
        notices.send_debounced_on_commit("earnings.post_batches")
    return entered


def _find(*, now: datetime) -> tuple[list[int], list[dict[str, Any]]]:
    """Return the rechecks that were done, and the records that can enter, in parts.

    Both are empty if quarantined data makes the query fail: posting continues without it.
    """
    try:
        with transaction.atomic():
            take_lock()
            rechecks = list(Recheck.objects.order_by("pk")[:RECHECKS_AT_ONCE])
            params = {
                "apis": [recheck.api_id for recheck in rechecks if recheck.api_id],
                "batches": [recheck.batch_id for recheck in rechecks if recheck.batch_id],
                "waiting": list(WAITING),
                "paid": list(settings.MINIMUM_PAYOUT),
                "now": now,
                "now_as_text": now.astimezone(UTC).isoformat(),
                "limit": AT_ONCE,
            }
            return [recheck.pk for recheck in rechecks], list(sql.rows(_FIND, params))
    except DatabaseError as error:
        if not is_by_the_data(error):
            raise
        logger.exception("no quarantined record can enter, as one of them can't be read")
        return [], []


def _enter_part(*, source_id: int, ids: list[int], now: datetime) -> int:
    """Enter records of one source; keep those that name the same charge together if possible."""
    source = BillingSource.objects.get(pk=source_id)
    rules = Rules.at(now)
    groups = [
        [stage(row["id"], json.loads(row["content"]), rules)._replace(content=row["content"]) for row in rows]
        for _, rows in groupby(sql.rows(_LOAD, {"ids": ids}), key=itemgetter("together"))
    ]
    return sum(do_in_halves(groups, act=partial(_enter, source), give_up=partial(_enter_singly, source)))


def _enter(source: BillingSource, groups: Sequence[list[StagedRecord]]) -> int:
    take_lock()
    # Lock the source as every intake does, but before checking which records are still the latest copies.
    BillingSource.objects.select_for_update(no_key=True).get(pk=source.pk)
    records = {record.line: record for group in groups for record in group}
    ids = [row["id"] for row in sql.rows(_LATEST_COPIES, {"ids": list(records)})]
    if not ids:
        return 0
    batch = StagedBatch.of([records[id_] for id_ in ids])
    return take_in(batch, source=source, origin="quarantine", quarantined_ids=ids).accepted


def _enter_singly(source: BillingSource, group: list[StagedRecord], error: DatabaseError) -> int:
    singles = [[record] for record in group]
    return sum(do_in_halves(singles, act=partial(_enter, source), give_up=_give_up))


def _give_up(group: list[StagedRecord], error: DatabaseError) -> int:
    (record,) = group
    logger.error("quarantined record %s can't enter", record.line, exc_info=error)
    QuarantinedRecord.objects.filter(pk=record.line).update(reason=Reason.UNPOSTABLE)
    return 0
