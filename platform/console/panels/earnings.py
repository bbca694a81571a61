"""Panels of an earning (its records, postings and payouts) and of an API (its owners and earnings)."""

from collections.abc import Iterator

from database.admin import Figure, Panel, headline, link_to, list_of, panel
from earnings.models import Api, BillingRecord, CreatorEarning, EarningPosting, RecordKind
from earnings.selectors import records_of
from money import Money
from payouts.states import PayoutStatus

ROWS = 20


@headline(CreatorEarning)
def what_it_is(earning: CreatorEarning) -> Iterator[Figure]:
    yield Figure("Net", Money(earning.net, earning.currency), "the creator's share")
    yield Figure("Gross", Money(earning.gross, earning.currency), "charges less refunds and chargebacks")
    yield Figure(
        "Platform fee", Money(earning.platform_fee, earning.currency), f"{earning.commission_bps / 100:g} %"
    )


@panel(CreatorEarning)
def went_to(earning: CreatorEarning) -> Panel:
    rows = earning.line_items.select_related("payout__creator").order_by("-pk")
    return Panel(
        "Payouts",
        ["Payout", "Status", "Line item", "Paid"],
        [
            (
                line.payout,
                PayoutStatus(line.payout.status),
                link_to(line, Money(line.net_revenue, earning.currency)),
                line.payout.paid_at,
            )
            for line in rows
        ],
        empty="Not claimed yet. The run after its period ends includes it.",
    )


@panel(CreatorEarning)
def records(earning: CreatorEarning) -> Panel:
    return Panel(
        f"Billing records (latest {ROWS})",
        ["Record", "Kind", "Amount", "Occurred", "Customer", "Batch"],
        [
            (
                record,
                RecordKind(record.kind),
                Money(record.amount, record.currency),
                record.occurred_at,
                record.customer_id,
                link_to(record.batch, f"#{record.batch_id}"),
            )
            for record in records_of(earning).select_related("batch").order_by("-pk")[:ROWS]
        ],
        empty="None: this is an adjustment.",
        more=list_of(BillingRecord, earning=earning.pk),
    )


@panel(CreatorEarning)
def postings(earning: CreatorEarning) -> Panel:
    rows = earning.postings.select_related("posting").order_by("-pk")[:ROWS]
    return Panel(
        f"Postings (latest {ROWS})",
        ["Posting", "Batches", "Gross added", "Refunds added", "Charges", "API calls", "Posted"],
        [
            (
                link_to(posting, f"#{posting.pk}"),
                len(posting.batches),
                Money(posting.gross, earning.currency),
                Money(posting.refunds, earning.currency),
                posting.transactions,
                posting.api_calls,
                posting.posting.posted_at,
            )
            for posting in rows
        ],
        empty="None: this is an adjustment.",
        more=list_of(EarningPosting, earning=earning.pk),
    )


@panel(Api)
def owners(api: Api) -> Panel:
    rows = api.ownerships.select_related("creator").order_by("-owned_from")[:ROWS]
    return Panel(
        "Owners",
        ["Creator", "From"],
        [(ownership.creator, ownership.owned_from) for ownership in rows],
        empty="No owner. Its charges wait in quarantine.",
    )


@panel(Api)
def last_earnings(api: Api) -> Panel:
    rows = api.earnings.select_related("creator", "payout__creator").order_by("-pk")[:ROWS]
    return Panel(
        "Latest earnings",
        ["Earning", "Creator", "Gross", "Platform fee", "Net", "Payout"],
        [
            (
                row,
                row.creator,
                Money(row.gross, row.currency),
                Money(row.platform_fee, row.currency),
                Money(row.net, row.currency),
                row.payout,
            )
            for row in rows
        ],
        empty="No earnings yet.",
        more=list_of(CreatorEarning, api=api.pk),
    )
