"""Look up the records that we already have of the marketplace's invoices."""

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Any

from database import sql
from earnings.models import BillingSource, Reason
from earnings.reading.invoices import CountedRecord, KnownInvoice, charge_id, turn_id

_KNOWN = sql.read(Path(__file__).parent / "tables_sql" / "known.sql")
# These records are valid in themselves, and enter unchanged once what they wait for is there.
_WAITING = (
    Reason.CURRENCY_NOT_PAID,
    Reason.API_UNKNOWN,
    Reason.OWNER_UNKNOWN,
    Reason.CHARGE_UNKNOWN,
    Reason.EXCEEDS_CHARGE,
)


def known_invoices(invoice_ids: Collection[str], *, source: BillingSource) -> dict[str, KnownInvoice]:
    """Look up the records of these invoices; every invoice is a key of the result. The caller must lock the source."""
    first_turns = [turn_id(invoice_id, 1) for invoice_id in invoice_ids]
    rows = _look_up([*map(charge_id, invoice_ids), *first_turns], source=source)
    turns: dict[str, list[CountedRecord]] = defaultdict(list)
    number, ids = 1, set(invoice_ids)
    while ids := {id_ for id_ in ids if (turn := rows.get(turn_id(id_, number))) and turn["counts"]}:
        for invoice_id in ids:
            turns[invoice_id].append(_counted(rows[turn_id(invoice_id, number)]))
        number += 1
        rows |= _look_up([turn_id(invoice_id, number) for invoice_id in ids], source=source)
    return {invoice_id: _known(invoice_id, rows, turns[invoice_id]) for invoice_id in invoice_ids}


def _look_up(record_ids: list[str], *, source: BillingSource) -> dict[str, dict[str, Any]]:
    params = {"source": source.pk, "ids": record_ids, "waiting": list(_WAITING)}
    return {row["record_id"]: row for row in sql.rows(_KNOWN, params)}


def _known(invoice_id: str, rows: dict[str, dict[str, Any]], turns: list[CountedRecord]) -> KnownInvoice:
    charge, refund = rows.get(charge_id(invoice_id), {}), rows.get(turn_id(invoice_id, 1), {})
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
