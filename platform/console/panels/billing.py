"""Panels of billing records, batches and postings: where the money went."""

from django.db.models import QuerySet

from database.admin import Panel, link_to, list_of, panel
from earnings.models import (
    BatchAct,
    BatchActKind,
    BillingBatch,
    BillingRecord,
    EarningPosting,
    Posting,
    QuarantinedRecord,
    Reason,
    RecordKind,
    UnlinkedRecord,
)
from earnings.selectors import posting_of, postings_of
from money import Money
from payouts.states import PayoutStatus

ROWS = 20


@panel(BillingRecord)
def where_it_went(record: BillingRecord) -> Panel:
    """Follow a record to its earning, and to the payout that claims it."""
    rows: list[tuple[object, ...]] = []
    if posting := posting_of(record):
        earning, payout = posting.earning, posting.earning.payout
        rows.append(
            (
                earning,
                Money(earning.net, earning.currency),
                link_to(posting, f"#{posting.pk}"),
                payout or "Waits for the run after its period ends",
                payout and PayoutStatus(payout.status),
                payout and payout.paid_at,
            )
        )
    return Panel(
        "Where it went",
        ["Earning", "Net of the earning", "Posting", "Payout", "Status", "Paid"],
        rows,
        empty="Its batch is not posted yet.",
    )


@panel(BillingRecord)
def related(record: BillingRecord) -> Panel:
    """List the charge that a refund, chargeback or reversal names."""
    rows = BillingRecord.objects.filter(
        source=record.source_id, record_id=record.related_record_id or None
    ).select_related("api")
    return Panel(
        "Related charge",
        ["Record", "Kind", "Amount", "Occurred"],
        [(row, RecordKind(row.kind), Money(row.amount, row.currency), row.occurred_at) for row in rows],
        empty="No related charge.",
    )


@panel(QuarantinedRecord)
def accepted_as_unlinked(held: QuarantinedRecord) -> Panel | None:
    """Say who accepted a record although its charge never came."""
    rows = list(UnlinkedRecord.objects.filter(quarantined=held).select_related("record"))
    if not rows:
        return None
    return Panel(
        "Accepted as unlinked",
        ["Record", "By", "Reason", "When"],
        [(row.record, row.actor, row.reason, row.at) for row in rows],
    )


@panel(BillingBatch)
def postings(batch: BillingBatch) -> Panel:
    return _largest(
        postings_of(batch),
        empty="None. The batch is not posted yet, or none of its records were accepted.",
        more=list_of(EarningPosting, batch=batch.pk),
    )


@panel(Posting)
def earnings(posting: Posting) -> Panel:
    return _largest(posting.traces.all(), more=list_of(EarningPosting, posting=posting.pk))


def _largest(rows: QuerySet[EarningPosting], *, more: str, empty: str = "None.") -> Panel:
    return Panel(
        f"Earning postings (largest {ROWS})",
        ["Posting", "Creator", "API", "Earning", "Gross added", "Charges"],
        [
            (
                link_to(posting, f"#{posting.pk}"),
                posting.earning.creator,
                posting.earning.api,
                posting.earning,
                Money(posting.gross, posting.earning.currency),
                posting.transactions,
            )
            for posting in rows.select_related("earning__creator", "earning__api").order_by("-gross", "pk")[
                :ROWS
            ]
        ],
        empty=empty,
        more=more,
    )


@panel(BillingBatch)
def history(batch: BillingBatch) -> Panel:
    return Panel(
        "History",
        ["Action", "By", "Reason", "When"],
        [
            (BatchActKind(act.kind), act.actor, act.reason, act.at)
            for act in batch.acts.order_by("-pk")[:ROWS]
        ],
        empty="Never set aside.",
        more=list_of(BatchAct, batch=batch.pk),
    )


@panel(BillingBatch)
def parts(batch: BillingBatch) -> Panel | None:
    """List the batches it was divided into because some of its records can't be posted."""
    rows = list(batch.parts.order_by("-pk")[:ROWS])
    if not rows:
        return None
    return Panel(
        f"Parts posted separately (latest {ROWS})",
        ["Batch", "Accepted", "Posted", "Set aside"],
        [(part, part.accepted, part.posted_at, part.set_aside_at) for part in rows],
        more=list_of(BillingBatch, part_of=batch.pk),
    )


@panel(Posting)
def posted_batches(posting: Posting) -> Panel:
    rows = posting.batches.order_by("-pk")[:ROWS]
    return Panel(
        f"Batches (latest {ROWS})",
        ["Batch", "Received", "Accepted"],
        [(batch, batch.received_at, batch.accepted) for batch in rows],
        more=list_of(BillingBatch, posting=posting.pk),
    )


@panel(EarningPosting)
def batches(posting: EarningPosting) -> Panel:
    rows = BillingBatch.objects.filter(pk__in=posting.batches).order_by("-pk")[:ROWS]
    return Panel(
        f"Batches (latest {ROWS})",
        ["Batch", "Received", "Posted"],
        [(batch, batch.received_at, batch.posted_at) for batch in rows],
        more=list_of(BillingBatch, trace=posting.pk),
    )


@panel(BillingBatch)
def records(batch: BillingBatch) -> Panel:
    rows = batch.records.select_related("creator", "api").order_by("-pk")[:ROWS]
    return Panel(
        f"Records (latest {ROWS})",
        ["Record", "Kind", "Amount", "Creator", "API", "Occurred"],
        [
            (
                record,
                RecordKind(record.kind),
                Money(record.amount, record.currency),
                record.creator,
                record.api,
                record.occurred_at,
            )
            for record in rows
        ],
        empty="No records were accepted.",
        more=list_of(BillingRecord, batch=batch.pk),
    )


@panel(BillingBatch)
def quarantined(batch: BillingBatch) -> Panel:
    rows = batch.quarantined_records.order_by("-pk")[:ROWS]
    return Panel(
        f"Quarantined records (latest {ROWS})",
        ["Record", "Reason", "Resolved"],
        [
            (link_to(record, record.record_id or "no id"), Reason(record.reason), record.resolved_at)
            for record in rows
        ],
        more=list_of(QuarantinedRecord, batch=batch.pk),
    )
