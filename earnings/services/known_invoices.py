"""What is here already of the marketplace's invoices."""

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Any

from database import sql
from earnings.models import BillingSource, Reason
from earnings.reading.invoices import CountedRecord, KnownInvoice, charge_id, turn_id

_KNOWN = sql.read(Path(__file__).parent / "tables_sql" / "known.sql")
# Sound in themselves: they enter as they are, once what they wait for is there.
_WAITING = (
    Reason.CURRENCY_NOT_PAID,
    Reason.API_UNKNOWN,
    Reason.OWNER_UNKNOWN,
    Reason.CHARGE_UNKNOWN,
    Reason.EXCEEDS_CHARGE,
)


def known_invoices(invoice_ids: Collection[str], *, source: BillingSource) -> dict[str, KnownInvoice]:
    """Look up these invoices, all of which are among the keys; hold the source's turn, or others may add to them."""
    first = [turn_id(each, 1) for each in invoice_ids]
    told = _told([*map(charge_id, invoice_ids), *first], source=source)
    turns: dict[str, list[CountedRecord]] = defaultdict(list)
    number, asked = 1, set(invoice_ids)
    while asked := {each for each in asked if (turn := told.get(turn_id(each, number))) and turn["counts"]}:
        for each in asked:
            turns[each].append(_counted(told[turn_id(each, number)]))
        number += 1
        told |= _told([turn_id(each, number) for each in asked], source=source)
    return {each: _known(each, told, turns[each]) for each in invoice_ids}


def _told(record_ids: list[str], *, source: BillingSource) -> dict[str, dict[str, Any]]:
    names = {"source": source.pk, "ids": record_ids, "waiting": list(_WAITING)}
    return {row["record_id"]: row for row in sql.rows(_KNOWN, names)}


def _known(invoice_id: str, told: dict[str, dict[str, Any]], turns: list[CountedRecord]) -> KnownInvoice:
    charge, refund = told.get(charge_id(invoice_id), {}), told.get(turn_id(invoice_id, 1), {})
    return KnownInvoice(
        charge=_counted(charge) if charge.get("counts") else None,
        turns=turns,
        api_calls=charge.get("api_calls") or "",
        refunded_at=refund.get("occurred_at") or "",
    )


def _counted(row: dict[str, Any]) -> CountedRecord:
    return CountedRecord(
        row["kind"],
        row["amount"],
        row["currency"],
        row["remaining"],
        row["occurred_at"],
        row["api_calls"],
        row["received_at"],
    )
