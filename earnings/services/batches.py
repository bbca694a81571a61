"""What staff do with batches that can't be posted: have them posted again, or take their records out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, connection, transaction

from database import sql
from database.staff import Act
from earnings.errors import BatchHasReversals, BatchNotSetAside
from earnings.models import BatchAct, BatchActKind, BillingBatch, BillingSource, Recheck
from earnings.services import posting, setting_aside
from earnings.services.intake import CONTENT

_SQL = Path(__file__).parent / "batches_sql"
_CREATE, _CHOOSE, _CHOOSE_TAKERS, _GIVE_BACK, _TAKE_OUT, _COUNT = (
    sql.read(_SQL / f"{name}.sql")
    for name in ("create", "choose", "choose_takers", "give_back", "take_out", "count")
)
_QUARANTINE = sql.read(_SQL / "quarantine.sql", content=CONTENT)


def retry_batches(batches: Sequence[int], *, act: Act, now: datetime) -> list[BillingBatch]:
    """Post batches that were set aside, if they can be posted by now; return what has become of them.

    Raises: BatchNotSetAside.
    """
    with transaction.atomic():
        setting_aside.take_turn()
        aside = BillingBatch.objects.filter(pk__in=batches, set_aside_at__isnull=False)
        waiting = set(aside.select_for_update().values_list("pk", flat=True))
        if missing := [batch for batch in batches if batch not in waiting]:
            raise BatchNotSetAside(missing[0])
        BillingBatch.objects.filter(pk__in=waiting).update(set_aside_at=None, set_aside_reason="")
        _recheck(waiting)
        _keep(sorted(waiting), BatchActKind.RETRIED, act=act, now=now)
    posting.post_due(now=now)
    return list(BillingBatch.objects.filter(pk__in=waiting).order_by("pk"))


def quarantine_batch(batch_id: int, *, act: Act, now: datetime) -> int:
    """Move the records of a batch that can't be posted into quarantine; return how many, refunds of theirs included.

    It is posted once more first, so what can be posted by now, stays. What its records settled when they were
    accepted is undone: they no longer take from a charge, and refunds that wait for one of its charges go with it, as
    refunds of an unknown one. A corrected copy of any of them enters under the same id.

    Raises: BatchNotSetAside, BatchHasReversals.
    """
    (batch,) = retry_batches([batch_id], act=act, now=now)
    if batch.set_aside_at is None:
        return 0
    try:
        quarantined = _quarantine(batch, act=act, now=now)
    except IntegrityError as error:
        # The one check that giving back can fail: a charge that more was given back to than was taken from it.
        if "no_more_than_the_charge" not in str(error):
            raise
        raise BatchHasReversals(batch_id) from error
    posting.post_due(now=now)
    return quarantined


@transaction.atomic
def _quarantine(batch: BillingBatch, *, act: Act, now: datetime) -> int:
    # As for an intake, which may be about to take from a charge that leaves, or to enter another copy of it.
    BillingSource.objects.select_for_update(no_key=True).get(pk=batch.source_id)
    setting_aside.take_turn()
    names = {"batch": batch.pk, "source": batch.source_id}
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
    for statement in (_CHOOSE, _CHOOSE_TAKERS, _QUARANTINE):
        sql.run(statement, names)
    _recheck({row["batch_id"] for row in sql.rows(_GIVE_BACK, names)})
    sql.run(_COUNT, names)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_OUT)
    BillingBatch.objects.filter(pk=batch.pk).update(set_aside_at=None, set_aside_reason="")
    _keep([batch.pk], BatchActKind.QUARANTINED, act=act, now=now)
    (outgoing,) = sql.rows("SELECT count(*) AS records FROM batch_outgoing")
    return int(outgoing["records"])


def _recheck(batches: Iterable[int]) -> None:
    """Have quarantined records looked at that wait for charges of these batches."""
    Recheck.objects.bulk_create(Recheck(batch_id=batch) for batch in sorted(batches))


def _keep(batches: Sequence[int], kind: BatchActKind, *, act: Act, now: datetime) -> None:
    BatchAct.objects.bulk_create(
        BatchAct(batch_id=batch, kind=kind, actor=act.actor, reason=act.reason, at=now) for batch in batches
    )
