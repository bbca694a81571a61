"""What would happen if staff accepted a quarantined record as unlinked, because its charge never came."""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db.models import Case, F, Sum, When

from accounts.models import Creator
from database import sql
from earnings.errors import (
    ApiNotNamed,
    ChargeIsKnown,
    LaterCopyWaits,
    NothingTakenBack,
    NotOfUnknownCharge,
    RecordNotInQuarantine,
    RecordStillUnusable,
)
from earnings.models import Api, BillingRecord, QuarantinedRecord, Reason, RecordKind
from earnings.reading.records import FIELDS, Rules, stage
from earnings.selectors.catalog import known_api
from earnings.selectors.terms import terms_at
from money import Money, Period, month_of

_FEE = sql.read(Path(__file__).with_name("unlinked_fee.sql"))
_UNDOES = {
    RecordKind.REFUND_REVERSAL: RecordKind.REFUND,
    RecordKind.CHARGEBACK_REVERSAL: RecordKind.CHARGEBACK,
}


@dataclass(frozen=True, slots=True)
class UnlinkedEntry:
    """A quarantined record as it would enter without its charge: for the owner and at the rate of its own time.

    `gross` is signed. `platform_fee` and `net` are the change of the earning that the record is added to, as an earning
    is rounded as a whole. `charge_waits_as` says why the charge itself is in quarantine, if it is.
    """

    quarantined: QuarantinedRecord
    record: BillingRecord  # unsaved, and without a batch
    creator: Creator
    period: Period
    gross: Money
    platform_fee: Money
    charge_waits_as: Reason | None

    @property
    def net(self) -> Money:
        return self.gross - self.platform_fee


def quarantined_record(quarantined_id: int) -> QuarantinedRecord:
    """Return an open record in quarantine.

    Raises: RecordNotInQuarantine.
    """
    held = (
        QuarantinedRecord.objects.select_related("source").filter(pk=quarantined_id, resolved_at=None).first()
    )
    if held is None:
        raise RecordNotInQuarantine(quarantined_id)
    return held


def unlinked_entry(quarantined_id: int, *, api: str | None, now: datetime) -> UnlinkedEntry:
    """Work out how a record would enter without its charge.

    `api` is the external id of its API; None if the record names one.

    Raises: RecordNotInQuarantine, NotOfUnknownCharge, LaterCopyWaits, ChargeIsKnown, ApiNotNamed, UnknownApi,
    RecordStillUnusable, NothingTakenBack.
    """
    held = quarantined_record(quarantined_id)
    if held.reason != Reason.CHARGE_UNKNOWN:
        raise NotOfUnknownCharge(held.record_id, reason=held.get_reason_display())
    copies = QuarantinedRecord.objects.filter(
        source=held.source_id, record_id=held.record_id, resolved_at=None
    )
    if copies.filter(pk__gt=held.pk).exists():
        raise LaterCopyWaits(held.record_id)
    charge_id = held.content["related_record_id"]
    if BillingRecord.objects.filter(
        source=held.source_id, record_id=charge_id, kind=RecordKind.CHARGE
    ).exists():
        raise ChargeIsKnown(held.record_id, charge=charge_id)
    named = held.content.get("api_id")
    if named and api and named != api:
        raise RecordStillUnusable(held.record_id, f"it names the API {named}, not {api}")
    if not (named or api):
        raise ApiNotNamed(held.record_id)
    of_api = known_api(named or api or "")
    record, creator = _as_record(held, of_api, charge_id=charge_id, now=now)
    if undone := _UNDOES.get(RecordKind(record.kind)):
        _refuse_more_than_was_taken(record, undone)
    gross = RecordKind(record.kind).sign * record.amount
    period = month_of(record.occurred_at.astimezone(UTC).date())
    (row,) = sql.rows(
        _FEE,
        {
            "gross": gross,
            "bps": record.commission_bps,
            "creator": creator.pk,
            "api": of_api.pk,
            "currency": record.currency,
            "start": period.start,
            "end": period.end,
        },
    )
    charge = QuarantinedRecord.objects.filter(
        source=held.source_id, record_id=charge_id, resolved_at=None
    ).last()
    return UnlinkedEntry(
        quarantined=held,
        record=record,
        creator=creator,
        period=period,
        gross=Money(gross, record.currency),
        platform_fee=Money(row["fee"], record.currency),
        charge_waits_as=Reason(charge.reason) if charge else None,
    )


def _as_record(
    held: QuarantinedRecord, api: Api, *, charge_id: str, now: datetime
) -> tuple[BillingRecord, Creator]:
    content = held.content | {"api_id": api.external_id, "related_record_id": ""}
    staged = stage(held.pk, content, Rules.at(now))
    if staged.reason:
        raise RecordStillUnusable(held.record_id, Reason(staged.reason).label)
    assert staged.occurred_at
    (values,) = csv.reader([staged.fields])
    field = dict(zip(FIELDS, values, strict=True))
    terms = terms_at(api, staged.occurred_at)
    if terms is None:
        raise RecordStillUnusable(held.record_id, Reason.OWNER_UNKNOWN.label)
    creator = Creator.objects.get(pk=terms.creator_id)
    if field["creator_id"] not in {"", creator.external_id}:
        raise RecordStillUnusable(
            held.record_id,
            f"at its time {api.external_id} belonged to {creator.external_id}, not {field['creator_id']}. "
            "Correct the creator's earnings with an adjustment instead",
        )
    record = BillingRecord(
        source=held.source,
        record_id=held.record_id,
        kind=field["kind"],
        api=api,
        creator=creator,
        commission_bps=terms.bps,
        subscription_id=field["subscription_id"],
        customer_id=field["customer_id"],
        amount=int(field["amount"]),
        currency=field["currency"],
        occurred_at=staged.occurred_at,
        api_calls=int(field["api_calls"]),
        related_record_id=charge_id,
    )
    return record, creator


def _refuse_more_than_was_taken(reversal: BillingRecord, undone: RecordKind) -> None:
    """Refuse to give back more than records of the same charge took before."""
    taken = BillingRecord.objects.filter(
        source=reversal.source_id,
        related_record_id=reversal.related_record_id,
        kind__in=[undone, reversal.kind],
    ).aggregate(sum=Sum(Case(When(kind=undone, then=F("amount")), default=-F("amount")), default=0))["sum"]
    if reversal.amount > taken:
        raise NothingTakenBack(
            reversal.record_id,
            charge=reversal.related_record_id,
            taken=Money(taken, reversal.currency),
        )
