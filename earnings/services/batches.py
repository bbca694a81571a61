"""Retry batches that can't be posted, or move their records to quarantine."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, connection, transaction

from database import acts, sql
from database.acts import Kind
from database.staff import Act
from earnings.errors import BatchHasReversals, BatchNotSetAside
from earnings.models import BatchAct, BatchActKind, BillingBatch, BillingSource, Recheck
from earnings.services import posting, setting_aside
from earnings.services.intake import CONTENT

_RECORDED_AS = {
    BatchActKind.RETRIED: Kind.RETRY_BATCH,
    BatchActKind.QUARANTINED: Kind.QUARANTINE_BATCH,
}
_SQL = Path(__file__).parent / "batches_sql"
_CREATE, _CHOOSE, _CHOOSE_TAKERS, _GIVE_BACK, _TAKE_OUT, _COUNT = (
    sql.read(_SQL / f"{name}.sql")
    for name in ("create", "choose", "choose_takers", "give_back", "take_out", "count")
)
_QUARANTINE = sql.read(_SQL / "quarantine.sql", content=CONTENT)


def retry_batches(batches: Sequence[int], *, act: Act, now: datetime) -> list[BillingBatch]:
    """Try again to post batches that are set aside; return them as they are afterwards.

    Raises: BatchNotSetAside.
    """
    with transaction.atomic():
        setting_aside.take_posting_lock()
        rows = BillingBatch.objects.filter(pk__in=batches, set_aside_at__isnull=False)
        set_aside = set(rows.select_for_update().values_list("pk", flat=True))
        if missing := [batch for batch in batches if batch not in set_aside]:
            raise BatchNotSetAside(missing[0])
        BillingBatch.objects.filter(pk__in=set_aside).update(set_aside_at=None, set_aside_reason="")
        _recheck(set_aside)
        _log(sorted(set_aside), BatchActKind.RETRIED, act=act, now=now)
    posting.post_due(now=now)
    return list(BillingBatch.objects.filter(pk__in=set_aside).order_by("pk"))


def quarantine_batch(batch_id: int, *, act: Act, now: datetime) -> int:
    """Quarantine the records of a batch that can't be posted; return how many, including refunds that go with them.

    The batch is retried first, and nothing is quarantined if that works. Amounts that its records took from charges
    are given back. Refunds in other batches set aside that name one of its charges are quarantined too, as
    `charge_unknown`. A corrected copy of any of these records can enter under the same id.

    Raises: BatchNotSetAside, BatchHasReversals.
    """
    (batch,) = retry_batches([batch_id], act=act, now=now)
    if batch.set_aside_at is None:
        return 0
    try:
        quarantined = _quarantine(batch, act=act, now=now)
    except IntegrityError as error:
        # The only check that this can violate: more would be given back to a charge than was taken from it.
        if "no_more_than_the_charge" not in str(error):
            raise
        raise BatchHasReversals(batch_id) from error
    posting.post_due(now=now)
    return quarantined


@transaction.atomic
def _quarantine(batch: BillingBatch, *, act: Act, now: datetime) -> int:
    # Keeps out intakes, which could take from one of these charges, or enter another copy of it.
    BillingSource.objects.select_for_update(no_key=True).get(pk=batch.source_id)
    setting_aside.take_posting_lock()
    params = {"batch": batch.pk, "source": batch.source_id}
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
    for statement in (_CHOOSE, _CHOOSE_TAKERS, _QUARANTINE):
        sql.run(statement, params)
    _recheck({row["batch_id"] for row in sql.rows(_GIVE_BACK, params)})
    sql.run(_COUNT, params)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_OUT)
    BillingBatch.objects.filter(pk=batch.pk).update(set_aside_at=None, set_aside_reason="")
    _log([batch.pk], BatchActKind.QUARANTINED, act=act, now=now)
    (outgoing,) = sql.rows("SELECT count(*) AS records FROM batch_outgoing")
    return int(outgoing["records"])


def _recheck(batches: Iterable[int]) -> None:
    """Have quarantined records that wait for charges of these batches rechecked."""
    Recheck.objects.bulk_create(Recheck(batch_id=batch) for batch in sorted(batches))


def _log(batches: Sequence[int], kind: BatchActKind, *, act: Act, now: datetime) -> None:
    for batch in batches:
        recorded = acts.record(act, _RECORDED_AS[kind], subject=BillingBatch(pk=batch))
        BatchAct.objects.create(
            batch_id=batch, kind=kind, actor=act.actor, reason=act.reason, act=recorded, at=now
        )
