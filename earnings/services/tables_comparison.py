"""Comparing the marketplace's own tables with what is counted here, to find what the hourly pass can't see.

A month whose count, sum or ids differ between the two is looked at invoice by invoice. What is plain is taken in as the
hourly pass would have taken it in; the rest is for people.
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

# What changed within this long, there or here, may still change again, or be on its way.
SETTLING = timedelta(hours=3)
# A subscription is billed monthly; two bills and some days show that it moved.
MOVED_WITHIN = timedelta(days=70)
TOLD_ONE_BY_ONE = 20  # of one kind, month and currency
_NAMED = 5
_SQL = Path(__file__).parent / "tables_sql"
_CREATE, _MONTHS, _SUSPECTS, _MOVED = (
    sql.read(_SQL / f"{name}.sql") for name in ("create", "months", "suspects", "moved")
)


class FoundKind(StrEnum):
    """How an invoice is not here as it is there."""

    DELETED = "invoice_deleted"
    UNPAID = "invoice_unpaid"
    DISPUTED = "invoice_disputed"
    PARTIALLY_REFUNDED = "invoice_partially_refunded"
    MOVED = "subscription_moved"


@dataclass(frozen=True, slots=True)
class Found:
    """Something for people to look into.

    `subject` is the record id of the invoice's charge, or a month and currency where there are many. `amount` is what
    is counted of it, and in question.
    """

    kind: FoundKind
    subject: str
    creator_id: UUID | None
    amount: Money
    detail: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing came to: `months` that differed, `mended` records taken in, and what is left for people.

    `unsettled` are subjects that can't be judged yet.
    """

    months: int
    mended: int
    found: Sequence[Found]
    unsettled: frozenset[str]


class _Month(NamedTuple):
    month: str
    currency: str
    invoices: int
    amount: int | None  # None: not even their sum is a whole number of minor units
    ids: int


class _Told(NamedTuple):
    """An invoice that is for people, and the charge that is counted of it."""

    kind: FoundKind
    record_id: str
    left: int
    status: str


def compare_shared_tables(database: Mapping[str, Any], *, now: datetime) -> Comparison:
    """Read what changed, like the hourly pass, then compare all that is paid there with what is counted here.

    Both see the tables at one moment, so nothing differs only because it wasn't read yet.
    Raises: BillingDatabaseRefused.
    """
    source = sources.register_source(shared_tables.SOURCE)
    with open_billing_tables(database) as tables:
        shared_tables.read_pass(tables, source=source, now=now)
        months = _differing_months(tables, source=source)
        suspects = _suspects(tables, months, source=source)
        result, told, unsettled = ReadResult(), list[_Told](), set[str]()
        while some := list(islice(suspects, CHUNK)):
            invoices = {each.id: each for each in _named(tables, some)}
            _mend(invoices, some, source=source, result=result, now=now)
            _judge(invoices, some, source=source, now=now, told=told, unsettled=unsettled)
        found = [*_grouped(told, source=source)]
        if not tables.has_plans:
            found += _moved(source, now=now)
    return Comparison(len(months), result.accepted, found, frozenset(unsettled))


def _differing_months(tables: BillingTables, *, source: BillingSource) -> list[str]:
    here = {
        _Month(**row | {"amount": int(row["amount"])}) for row in sql.rows(_MONTHS, {"source": source.pk})
    }
    there = {
        _Month(
            each.month,
            each.currency or "",
            each.invoices,
            minor_units(each.amount, each.currency or ""),
            int(each.ids),
        )
        for months in tables.paid_months()
        for each in months
    }
    return sorted({each.month for each in here ^ there})


def _suspects(tables: BillingTables, months: list[str], *, source: BillingSource) -> Iterator[str]:
    """Stage what is paid of these months there, and find which invoices are not here like that."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CREATE)
        for invoices in tables.paid_invoices(months=months):
            with connection.cursor() as cursor, cursor.copy("COPY paid_invoices FROM STDIN") as copy:
                for each in invoices:
                    amount = None if each.amount is None else minor_units(each.amount, each.currency or "")
                    copy.write_row((each.id, each.status, amount, each.currency, each.month))
        # No autovacuum looks at temporary tables, and without statistics the join is a guess.
        sql.run("ANALYZE paid_invoices")
        names = {
            "source": source.pk,
            "months": months,
            "disputed": DISPUTED,
            "partially_refunded": PARTIALLY_REFUNDED,
        }
        return iter([row["id"] for row in sql.rows(_SUSPECTS, names)])


def _named(tables: BillingTables, ids: Sequence[str]) -> Iterator[Invoice]:
    for invoices in tables.invoices_by_id(ids):
        yield from invoices


def _mend(
    invoices: Mapping[str, Invoice],
    ids: Sequence[str],
    *,
    source: BillingSource,
    result: ReadResult,
    now: datetime,
) -> None:
    """Take in what is plain; what waits in quarantine is told there, and stays as it is."""
    known = known_invoices(ids, source=source)
    held = _held([charge_id(each) for each in ids], source=source)
    plain = [
        invoice
        for each, invoice in invoices.items()
        if invoice.status in {*PAID, *TAKEN_BACK} and (known[each].charge or charge_id(each) not in held)
    ]
    if plain:
        shared_tables.take_in_invoices(plain, source=source, result=result, now=now)


def _judge(
    invoices: Mapping[str, Invoice],
    ids: Sequence[str],
    *,
    source: BillingSource,
    now: datetime,
    told: list[_Told],
    unsettled: set[str],
) -> None:
    """Tell what still differs, and what can't be judged yet."""
    known = known_invoices(ids, source=source)
    next_turns = {each: turn_id(each, len(known[each].turns) + 1) for each in ids}
    held = _held([*next_turns.values()], source=source)
    settled = now - SETTLING
    for each in ids:
        invoice = invoices.get(each)
        kind = _kind(invoice, known[each])
        charge = known[each].charge
        if kind is None or charge is None or next_turns[each] in held:
            continue
        changed_at = parse_time(invoice.updated_at or "") if invoice else None
        newest = max(counted.received_at for counted in (charge, *known[each].turns))
        if newest > settled or (changed_at and changed_at > settled):
            unsettled.add(charge_id(each))
        else:
            told.append(_Told(kind, charge_id(each), charge.left, invoice.status if invoice else ""))


def _kind(invoice: Invoice | None, known: KnownInvoice) -> FoundKind | None:
    if known.charge is None or not known.charge.left:
        return None
    if invoice is None:
        return FoundKind.DELETED
    if invoice.status not in PAID or invoice.amount == 0:
        return FoundKind.UNPAID
    if invoice.status == DISPUTED:
        return FoundKind.DISPUTED
    if invoice.status == PARTIALLY_REFUNDED and known.charge.left == known.charge.amount:
        return FoundKind.PARTIALLY_REFUNDED
    return None


def _held(record_ids: list[str], *, source: BillingSource) -> set[str]:
    rows = QuarantinedRecord.objects.filter(source=source, resolved_at=None, record_id__in=record_ids)
    return set(rows.values_list("record_id", flat=True))


def _grouped(told: Iterable[_Told], *, source: BillingSource) -> Iterator[Found]:
    """Tell invoices one by one, but for many of one kind, month and currency."""
    by_id = {each.record_id: each for each in told}
    charges = BillingRecord.objects.filter(source=source, record_id__in=by_id).order_by("pk")
    groups: dict[tuple[FoundKind, str, str], list[tuple[_Told, UUID]]] = defaultdict(list)
    for record_id, creator_id, occurred_at, currency in charges.values_list(
        "record_id", "creator_id", "occurred_at", "currency"
    ):
        each = by_id[record_id]
        groups[each.kind, f"{occurred_at:%Y-%m}", currency].append((each, creator_id))
    for (kind, month, currency), group in groups.items():
        if len(group) > TOLD_ONE_BY_ONE:
            amount = Money(sum(each.left for each, _ in group), currency)
            some = ", ".join(each.record_id for each, _ in group[:_NAMED])
            detail = f"{len(group)} invoices of {month}, such as {some}. Of each: {_detail(group[0][0])}"
            yield Found(kind, f"{month} {currency}", None, amount, detail)
        else:
            for each, creator_id in group:
                yield Found(kind, each.record_id, creator_id, Money(each.left, currency), _detail(each))


def _detail(told: _Told) -> str:
    hand_in = f"hand in a refund that names {told.record_id}"
    match told.kind:
        case FoundKind.DELETED:
            return (
                "It was counted, and is not in the table any more. If the customer has the money back, "
                f"{hand_in}; else have the row restored, or resolve this saying why it was deleted."
            )
        case FoundKind.DISPUTED:
            return (
                "It is disputed, and all that is left of it is counted. There is nothing to do until the dispute is "
                f"decided; if it is lost, have the invoice say so, or hand in a chargeback that names {told.record_id}."
            )
        case FoundKind.PARTIALLY_REFUNDED:
            return f"Some of it was refunded, the table doesn't say how much, and all of it is counted: {hand_in}."
        case _:
            return (
                f"It was counted as paid, and says {told.status or 'no status'!r} now, or an amount of nothing. If the "
                f"customer has the money back, {hand_in}, or have the invoice say so; else resolve this saying why."
            )


def _moved(source: BillingSource, *, now: datetime) -> Iterator[Found]:
    """Find charges that may be another API's: the tables say where a subscription is, and not where it was."""
    for row in sql.rows(_MOVED, {"source": source.pk, "since": now - MOVED_WITHIN}):
        yield Found(
            FoundKind.MOVED,
            row["record_id"],
            row["creator_id"],
            Money(row["amount"], row["currency"]),
            f"Subscription {row['subscription_id']} was billed for {row['api_before']} at "
            f"{row['billed_before'].isoformat()}. This invoice, paid at {row['occurred_at'].isoformat()}, is counted "
            f"for {row['api']}, where the subscription was when it was read. If it was paid before the subscription "
            "moved, correct both creators' earnings with adjustments; then resolve this.",
        )
