"""Posting: billing batches into `creator_earnings` and the ledger."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from database import notices, sql
from earnings.models import BillingBatch, Posting
from earnings.services import adjustments
from earnings.services.quarantine import enter_mended
from ledger import services as ledger

_SQL = Path(__file__).parent / "posting_sql"
_CREATE, _POST, _LEDGER, _MONTHS = (
    sql.read(_SQL / f"{name}.sql") for name in ("create", "post", "ledger", "months")
)
BATCHES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Posted:
    """How much was posted; `rows` counts the earnings touched, once per transaction that touched them."""

    batches: int = 0
    records: int = 0
    rows: int = 0

    def __add__(self, other: "Posted") -> "Posted":
        return Posted(self.batches + other.batches, self.records + other.records, self.rows + other.rows)


def post_due(*, now: datetime) -> Posted:
    """Post every batch that is not posted yet, after entering quarantined records that can enter by now."""
    enter_mended(now=now)
    total = Posted()
    while (posted := _post_some(now=now)).batches:
        total += posted
    return total


@transaction.atomic
def _post_some(*, now: datetime) -> Posted:
    # One posting at a time: whoever comes second waits, then finds only what the first left, so "everything
    # that has arrived is posted" holds when post_due returns.
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended('earnings.posting', 0))")
    due = BillingBatch.objects.filter(posted_at=None).order_by("pk").select_for_update()[:BATCHES_AT_ONCE]
    batches = {batch.pk: batch.accepted for batch in due}
    if not batches:
        return Posted()
    posting = Posting.objects.create(posted_at=now)
    names = {"batches": list(batches), "posting": posting.pk}
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
    rows = sql.run(_POST, names)
    ledger.post_set(_LEDGER, names)
    adjustments.undo_write_offs(now=now)
    BillingBatch.objects.filter(pk__in=batches).update(posting=posting, posted_at=now)
    months = [row["month"].isoformat() for row in sql.rows(_MONTHS)]
    if months:
        notices.send_debounced_on_commit("revenue.refresh", months=months)
    return Posted(batches=len(batches), records=sum(batches.values()), rows=rows)
