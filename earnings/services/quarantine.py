"""Quarantined records whose cause is mended enter by themselves."""

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from database import sql
from earnings.models import BillingSource, Resolution
from earnings.records import Rules, StagedBatch, StagedRecord, stage
from earnings.services.intake import take_in

_MENDED = sql.read(Path(__file__).with_name("mended.sql"))
AT_ONCE = 5_000


def enter_mended(*, now: datetime) -> int:
    """Take in every quarantined record whose cause is gone by now; return how many entered.

    One that enters may mend others (a charge, its refunds), so this goes on until none is left.
    """
    total = 0
    while entered := _enter_once(now=now):
        total += entered
    return total


def _enter_once(*, now: datetime) -> int:
    names: dict[str, Any] = {"now": now, "paid": list(settings.MINIMUM_PAYOUT), "limit": AT_ONCE}
    rules = Rules.at(now)
    by_source: dict[int, list[StagedRecord]] = defaultdict(list)
    for row in sql.rows(_MENDED, names):
        record = stage(row["id"], json.loads(row["content"]), rules)
        by_source[row["source_id"]].append(record._replace(content=row["content"]))
    return sum(
        take_in(
            StagedBatch.of(records),
            source=BillingSource.objects.get(pk=source),
            origin="quarantine",
            resolution=Resolution.ENTERED,
        ).accepted
        for source, records in by_source.items()
    )
