"""Batches that can't be posted: divide them until the part at fault is alone, and set that aside."""

import logging
from datetime import datetime
from pathlib import Path

from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet

from database import sql
from database.halving import is_by_the_data
from database.staff import SYSTEM
from earnings.models import BatchAct, BatchActKind, BillingBatch
from earnings.services.intake import SEAL

logger = logging.getLogger(__name__)
_MOVE_HALF = sql.read(Path(__file__).parent / "setting_aside_sql" / "move_half.sql")


def take_posting_lock() -> None:
    """Lock posting until the caller's transaction ends: only one posts, divides or sets aside batches at a time."""
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended('earnings.posting', 0))")


def due() -> QuerySet[BillingBatch]:
    """Select the batches that are due to be posted."""
    return BillingBatch.objects.filter(posted_at=None, set_aside_at=None)


def divide(batch_id: int) -> list[int]:
    """Move the records of half of the earnings that a batch adds to into a new batch; return both.

    Records of one earning (one creator, API, currency, month and rate) stay together, as only their sum is meaningful.
    So the result is empty if all records belong to one earning, or if the data makes dividing fail.
    """
    try:
        return _divide(batch_id)
    except DatabaseError as error:
        if not is_by_the_data(error):
            raise
        logger.warning("batch %s can't be divided", batch_id, exc_info=error)
        return []


@transaction.atomic
def set_aside(batch_id: int, error: DatabaseError, *, now: datetime) -> bool:
    """Set a batch aside with the reason, until staff retry it or quarantine its records.

    Return False if someone else has posted it or set it aside meanwhile.
    """
    take_posting_lock()
    reason = str(error).strip() or type(error).__name__
    if not due().filter(pk=batch_id).update(set_aside_at=now, set_aside_reason=reason):
        return False
    BatchAct.objects.create(
        batch_id=batch_id, kind=BatchActKind.SET_ASIDE, actor=SYSTEM, reason=reason, at=now
    )
    logger.error("batch %s can't be posted and is set aside: %s", batch_id, reason)
    return True


@transaction.atomic
def _divide(batch_id: int) -> list[int]:
    take_posting_lock()
    batch = due().select_for_update().filter(pk=batch_id).first()
    if batch is None:
        return []
    part = BillingBatch.objects.create(
        source_id=batch.source_id,
        origin=batch.origin,
        received_at=batch.received_at,
        part_of_id=batch.part_of_id or batch.pk,
    )
    moved = sql.run(_MOVE_HALF, {"batch": batch.pk, "part": part.pk})
    if not moved:
        transaction.set_rollback(True)
        return []
    (sealed,) = sql.rows(SEAL, {"batch": part.pk})
    BillingBatch.objects.filter(pk=part.pk).update(**sealed)
    BillingBatch.objects.filter(pk=batch.pk).update(
        accepted=F("accepted") - moved, digest=F("digest").bitxor(sealed["digest"])
    )
    return [batch.pk, part.pk]
