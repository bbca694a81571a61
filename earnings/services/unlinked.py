"""Accept refunds, chargebacks and reversals whose charge never came."""

from datetime import datetime

from django.db import transaction

from database import acts, sql
from database.acts import Kind
from database.staff import Act
from earnings.models import BillingBatch, BillingSource, QuarantinedRecord, Resolution, UnlinkedRecord
from earnings.selectors import quarantined_record, unlinked_entry
from earnings.services import posting
from earnings.services.intake import SEAL
from earnings.services.quarantine import take_lock

ORIGIN = "accepted as unlinked"


def accept_unlinked(
    quarantined_id: int, *, act: Act, now: datetime, api: str | None = None
) -> UnlinkedRecord:
    """Accept a quarantined record without its charge, and post it.

    It gets the owner and the rate of its own time. `api` is the external id of its API, if the record names none. If
    the charge comes after all, the record counts towards what was taken back of it. The same record sent again is a
    duplicate.

    Raises: as `unlinked_entry`.
    """
    accepted = _accept(quarantined_id, api=api, act=act, now=now)
    posting.post_due(now=now)
    return accepted


@transaction.atomic
def _accept(quarantined_id: int, *, api: str | None, act: Act, now: datetime) -> UnlinkedRecord:
    # The record's other copies, the charge, the API's owner and its rates can't change until this ends.
    take_lock()
    held = quarantined_record(quarantined_id)
    source = BillingSource.objects.select_for_update(no_key=True).get(pk=held.source_id)
    entry = unlinked_entry(quarantined_id, api=api, now=now)
    record = entry.record
    record.batch = BillingBatch.objects.create(source=source, origin=ORIGIN)
    record.save(force_insert=True)
    (sealed,) = sql.rows(SEAL, {"batch": record.batch_id})
    BillingBatch.objects.filter(pk=record.batch_id).update(**sealed)
    copies = QuarantinedRecord.objects.filter(source=source, record_id=held.record_id, resolved_at=None)
    copies.exclude(pk=held.pk).update(resolution=Resolution.SUPERSEDED, resolved_at=now)
    copies.filter(pk=held.pk).update(resolution=Resolution.UNLINKED, resolved_at=now)
    recorded = acts.record(
        act,
        Kind.ACCEPT_UNLINKED,
        subject=held,
        creator=record.creator_id,
        after={
            "record": record.record_id,
            "charge": record.related_record_id,
            "api": record.api.external_id,
            "gross": entry.gross.amount,
            "currency": record.currency,
        },
    )
    return UnlinkedRecord.objects.create(
        record=record,
        quarantined=held,
        source=source,
        charge_record_id=record.related_record_id,
        actor=act.actor,
        reason=act.reason,
        act=recorded,
        at=now,
    )
