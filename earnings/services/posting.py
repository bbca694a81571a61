"""Post billing batches to `creator_earnings` and the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from django.db import DatabaseError, connection

from database import notices, sql
from database.halving import do_in_halves
from earnings.models import BillingBatch, Posting
from earnings.services import setting_aside, write_offs
from earnings.services.quarantine import enter_ready
from ledger import services as ledger

_SQL = Path(__file__).parent / "posting_sql"
_CREATE, _POST, _LEDGER, _EARNED, _MONTHS = (
    sql.read(_SQL / f"{name}.sql") for name in ("create", "post", "ledger", "earned", "months")
)
BATCHES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Posted:
    """How much was posted, and how many batches were set aside.

    `rows` counts changed earnings, once per transaction that changed them.
    """

    batches: int = 0
    records: int = 0
    rows: int = 0
    set_aside: int = 0

    def __add__(self, other: "Posted") -> "Posted":
        return Posted(
            self.batches + other.batches,
            self.records + other.records,
            self.rows + other.rows,
            self.set_aside + other.set_aside,
        )


def post_due(*, now: datetime) -> Posted:
    """Enter quarantined records that can enter now, then post every batch that is due.

    When this returns, everything that had arrived is posted or, if it can't be posted, set aside until staff retry it.
    """
    enter_ready(now=now)
    total = Posted()
    while due := list(setting_aside.due().order_by("pk").values_list("pk", flat=True)[:BATCHES_AT_ONCE]):
        total += _post(due, now=now)
    return total


def _post(batches: Sequence[int], *, now: datetime) -> Posted:
    parts = do_in_halves(
        batches, act=partial(_post_set, now=now), give_up=partial(_post_all_but_culprit, now=now)
    )
    return sum(parts, Posted())


def _post_set(batches: Sequence[int], *, now: datetime) -> Posted:
    # One posting at a time. A second one waits and then posts what the first left, so that everything that had
    # arrived is posted when post_due returns.
    setting_aside.take_posting_lock()
    due = setting_aside.due().filter(pk__in=batches).order_by("pk").select_for_update()
    accepted = {batch.pk: batch.accepted for batch in due}
    if not accepted:
        return Posted()
    posting = Posting.objects.create(posted_at=now)
    params = {"batches": list(accepted), "posting": posting.pk}
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
    rows = sql.run(_POST, params)
    ledger.post_set(_LEDGER, params)
    write_offs.count(_EARNED, {}, now=now)
    BillingBatch.objects.filter(pk__in=accepted).update(posting=posting, posted_at=now)
    months = [row["month"].isoformat() for row in sql.rows(_MONTHS)]
    if months:
        notices.send_debounced_on_commit("revenue.refresh", months=months)
    return Posted(batches=len(accepted), records=sum(accepted.values()), rows=rows)


def _post_all_but_culprit(batch: int, error: DatabaseError, *, now: datetime) -> Posted:
    """Halve a batch that can't be posted, by earnings, until only the earning at fault is set aside."""
    if parts := setting_aside.divide(batch):
        return sum((_post([part], now=now) for part in parts), Posted())
    return Posted(set_aside=setting_aside.set_aside(batch, error, now=now))
