"""Compare the marketplace's own tables with our records, to find what the hourly pass can't see.

If a month's number of invoices, total or ids differ, its invoices are compared one by one. Clear cases are taken in as
the hourly pass would have done; the rest is reported to staff.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from database import sql
from earnings.models import BillingRecord, BillingSource, QuarantinedRecord
from earnings.reading.invoices import (
    DISPUTED,
    PAID,
    PARTIALLY_REFUNDED,
    TAKEN_BACK,
    Invoice,
    KnownInvoice,
    charge_id,
    minor_units,
    turn_id,
)
from earnings.reading.tables import CHUNK, BillingTables, open_billing_tables
from earnings.services import shared_tables, sources
from earnings.services.known_invoices import known_invoices
from earnings.services.shared_tables import ReadResult
from money import Money, parse_time

# Recent changes on either side may not have reached the other yet.
SETTLING = timedelta(hours=3)
# Subscriptions are billed monthly: this covers two bills, which show a move, and some days.
MOVED_WITHIN = timedelta(days=70)
LISTED_ONE_BY_ONE = 20  # of one kind, month and currency
_EXAMPLES = 5
_SQL = Path(__file__).parent / "tables_sql"
_CREATE, _MONTHS, _SUSPECTS, _MOVED = (
    sql.read(_SQL / f"{name}.sql") for name in ("create", "months", "suspects", "moved")
)


class FindingKind(StrEnum):
    """How an invoice differs from our records."""

    DELETED = "invoice_deleted"
    UNPAID = "invoice_unpaid"
    DISPUTED = "invoice_disputed"
    PARTIALLY_REFUNDED = "invoice_partially_refunded"
    MOVED = "subscription_moved"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something for staff to investigate.

    `subject` is the record id of the invoice's charge, or a month and currency if there are many. `amount` is the
    counted amount that is in question.
    """

    kind: FindingKind
    subject: str
    creator_id: UUID | None
    amount: Money
    detail: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result: `months` that differed, `mended` records that were taken in, and findings for staff.

    `unsettled` are subjects that changed too recently to decide.
    """

    months: int
    mended: int
    found: Sequence[Finding]
    unsettled: frozenset[str]


class _Month(NamedTuple):
    month: str
    currency: str
    invoices: int
    amount: int | None  # None: the total is not a whole number of minor units
    ids: int


class _Mismatch(NamedTuple):
    """An invoice to report, and how much of its charge is left."""

    kind: FindingKind
    record_id: str
    left: int
    status: str


def compare_shared_tables(database: Mapping[str, Any], *, now: datetime) -> Comparison:
    """Read what changed, as the hourly pass does, then compare all paid invoices with our records.

    Both use the same snapshot, so nothing differs just because it wasn't read yet.

    Raises: BillingDatabaseRefused.
    """
    source = sources.register_source(shared_tables.SOURCE)
    with open_billing_tables(database) as tables:
        shared_tables.read_pass(tables, source=source, now=now)
        months = _differing_months(tables, source=source)
        suspects = _suspects(tables, months, source=source)
        result, mismatches, unsettled = ReadResult(), list[_Mismatch](), set[str]()
        while ids := list(islice(suspects, CHUNK)):
            invoices = {invoice.id: invoice for invoice in _invoices_by_id(tables, ids)}
            _take_in_clear_cases(invoices, ids, source=source, result=result, now=now)
            _compare(invoices, ids, source=source, now=now, mismatches=mismatches, unsettled=unsettled)
        found = [*_findings(mismatches, source=source)]
        if not tables.has_plans:
            found += _moved(source, now=now)
    return Comparison(len(months), result.accepted, found, frozenset(unsettled))


def _differing_months(tables: BillingTables, *, source: BillingSource) -> list[str]:
    ours = {
        _Month(**row | {"amount": int(row["amount"])}) for row in sql.rows(_MONTHS, {"source": source.pk})
    }
    theirs = {
        _Month(
            month.month,
            month.currency or "",
            month.invoices,
            minor_units(month.amount, month.currency or ""),
            int(month.ids),
        )
        for months in tables.paid_months()
        for month in months
    }
    return sorted({month.month for month in ours ^ theirs})


def _suspects(tables: BillingTables, months: list[str], *, source: BillingSource) -> Iterator[str]:
    """Stage the invoices paid in these months, and return the ids of those that differ from our records."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CREATE)
        for invoices in tables.paid_invoices(months=months):
            with connection.cursor() as cursor, cursor.copy("COPY paid_invoices FROM STDIN") as copy:
                for invoice in invoices:
                    amount = (
                        None
                        if invoice.amount is None
                        else minor_units(invoice.amount, invoice.currency or "")
                    )
                    copy.write_row((invoice.id, invoice.status, amount, invoice.currency, invoice.month))
        # Autovacuum skips temporary tables, and without statistics the planner guesses.
        sql.run("ANALYZE paid_invoices")
        params = {
            "source": source.pk,
            "months": months,
            "disputed": DISPUTED,
            "partially_refunded": PARTIALLY_REFUNDED,
        }
        return iter([row["id"] for row in sql.rows(_SUSPECTS, params)])


def _invoices_by_id(tables: BillingTables, ids: Sequence[str]) -> Iterator[Invoice]:
    for invoices in tables.invoices_by_id(ids):
        yield from invoices


def _take_in_clear_cases(
    invoices: Mapping[str, Invoice],
    ids: Sequence[str],
    *,
    source: BillingSource,
    result: ReadResult,
    now: datetime,
) -> None:
    """Take in the clear cases. Charges in quarantine are already reported there, and stay as they are."""
    known = known_invoices(ids, source=source)
    quarantined = _quarantined([charge_id(invoice_id) for invoice_id in ids], source=source)
    clear = [
        invoice
        for invoice_id, invoice in invoices.items()
        if invoice.status in {*PAID, *TAKEN_BACK}
        and (known[invoice_id].charge or charge_id(invoice_id) not in quarantined)
    ]
    if clear:
        shared_tables.take_in_invoices(clear, source=source, result=result, now=now)


def _compare(
    invoices: Mapping[str, Invoice],
    ids: Sequence[str],
    *,
    source: BillingSource,
    now: datetime,
    mismatches: list[_Mismatch],
    unsettled: set[str],
) -> None:
    """Collect what still differs, and what changed too recently to decide."""
    known = known_invoices(ids, source=source)
    next_turns = {invoice_id: turn_id(invoice_id, len(known[invoice_id].turns) + 1) for invoice_id in ids}
    quarantined = _quarantined([*next_turns.values()], source=source)
    settled_at = now - SETTLING
    for invoice_id in ids:
        invoice = invoices.get(invoice_id)
        kind = _kind(invoice, known[invoice_id])
        charge = known[invoice_id].charge
        if kind is None or charge is None or next_turns[invoice_id] in quarantined:
            continue
        changed_at = parse_time(invoice.updated_at or "") if invoice else None
        newest = max(record.received_at for record in (charge, *known[invoice_id].turns))
        if newest > settled_at or (changed_at and changed_at > settled_at):
            unsettled.add(charge_id(invoice_id))
        else:
            status = invoice.status if invoice else ""
            mismatches.append(_Mismatch(kind, charge_id(invoice_id), charge.left, status))


def _kind(invoice: Invoice | None, known: KnownInvoice) -> FindingKind | None:
    if known.charge is None or not known.charge.left:
        return None
    if invoice is None:
        return FindingKind.DELETED
    if invoice.status not in PAID or invoice.amount == 0:
        return FindingKind.UNPAID
    if invoice.status == DISPUTED:
        return FindingKind.DISPUTED
    if invoice.status == PARTIALLY_REFUNDED and known.charge.left == known.charge.amount:
        return FindingKind.PARTIALLY_REFUNDED
    return None


def _quarantined(record_ids: list[str], *, source: BillingSource) -> set[str]:
    rows = QuarantinedRecord.objects.filter(source=source, resolved_at=None, record_id__in=record_ids)
    return set(rows.values_list("record_id", flat=True))


def _findings(mismatches: Iterable[_Mismatch], *, source: BillingSource) -> Iterator[Finding]:
    """Yield a finding for each invoice, or one for many of the same kind, month and currency."""
    by_id = {mismatch.record_id: mismatch for mismatch in mismatches}
    charges = BillingRecord.objects.filter(source=source, record_id__in=by_id).order_by("pk")
    groups: dict[tuple[FindingKind, str, str], list[tuple[_Mismatch, UUID]]] = defaultdict(list)
    for record_id, creator_id, occurred_at, currency in charges.values_list(
        "record_id", "creator_id", "occurred_at", "currency"
    ):
        mismatch = by_id[record_id]
        groups[mismatch.kind, f"{occurred_at:%Y-%m}", currency].append((mismatch, creator_id))
    for (kind, month, currency), group in groups.items():
        if len(group) > LISTED_ONE_BY_ONE:
            amount = Money(sum(mismatch.left for mismatch, _ in group), currency)
            examples = ", ".join(mismatch.record_id for mismatch, _ in group[:_EXAMPLES])
            detail = f"{len(group)} invoices of {month}, such as {examples}. For each: {_detail(group[0][0])}"
            yield Finding(kind, f"{month} {currency}", None, amount, detail)
        else:
            for mismatch, creator_id in group:
                left = Money(mismatch.left, currency)
                yield Finding(kind, mismatch.record_id, creator_id, left, _detail(mismatch))


def _detail(mismatch: _Mismatch) -> str:
    refund = f"submit a refund that names {mismatch.record_id}"
    match mismatch.kind:
        case FindingKind.DELETED:
            return (
                "The invoice was counted, but is no longer in the table. If the customer got the money back, "
                f"{refund}. Otherwise have the row restored, or resolve this with the reason it was deleted."
            )
        case FindingKind.DISPUTED:
            return (
                "The invoice is disputed, and what is left of it is counted. Wait for the decision. If the dispute is "
                f"lost, have the invoice updated, or submit a chargeback that names {mismatch.record_id}."
            )
        case FindingKind.PARTIALLY_REFUNDED:
            return (
                "The invoice was partially refunded, but all of it is counted, as the table doesn't say how much was "
                f"refunded: {refund}."
            )
        case _:
            return (
                f"The invoice was counted as paid, but its status is now {mismatch.status or 'empty'!r} or its amount "
                f"zero. If the customer got the money back, {refund}, or have the invoice updated. Otherwise resolve "
                "this with the reason."
            )


def _moved(source: BillingSource, *, now: datetime) -> Iterator[Finding]:
    """Find charges that may belong to another API: the tables know where a subscription is, but not where it was."""
    for row in sql.rows(_MOVED, {"source": source.pk, "since": now - MOVED_WITHIN}):
        yield Finding(
            FindingKind.MOVED,
            row["record_id"],
            row["creator_id"],
            Money(row["amount"], row["currency"]),
            f"Subscription {row['subscription_id']} was billed for {row['api_before']} at "
            f"{row['billed_before'].isoformat()}. This invoice, paid at {row['occurred_at'].isoformat()}, is counted "
            f"for {row['api']}, the subscription's API when the invoice was read. If it was paid before the "
            "subscription moved, correct both creators' earnings with adjustments. Then resolve this.",
        )
