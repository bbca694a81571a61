"""The billing records behind a payout, with their sum."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from console.frame import number, render_panels
from database.admin import Figure, Panel, link_to
from earnings.models import BillingRecord, CreatorEarning, RecordKind
from earnings.selectors import RecordBehind, RecordsBehind
from money import Money
from payouts.models import Payout, PayoutLineItem
from web.cursors import LAST, Position

RECORDS_PER_PAGE = 100


def show_records(request: HttpRequest, pk: UUID) -> HttpResponse:
    """List the records behind a payout, the last received first; `?before=` is where the page before ended."""
    payout = get_object_or_404(Payout.objects.select_related("creator"), pk=pk)
    lines = list(PayoutLineItem.objects.filter(payout=payout))
    behind = RecordsBehind([line.earning_id for line in lines])
    page = behind.before(_position(request), count=RECORDS_PER_PAGE)
    return render_panels(
        request,
        title="Records behind a payout",
        headlines=_sums(payout, lines, behind),
        panels=[_records(page, payout)],
        next_page=f"?before={'-'.join(map(str, page[-1].position))}" if len(page) == RECORDS_PER_PAGE else "",
    )


def _sums(payout: Payout, lines: list[PayoutLineItem], behind: RecordsBehind) -> list[Figure]:
    """Show that the records, less the fee, and the adjustments are what the payout pays."""
    count, gross = behind.total()
    adjusted = sum(line.net_revenue for line in lines if line.api_id is None)
    figures = [
        Figure("Payout", link_to(payout, payout.net), f"to {payout.creator}"),
        Figure("Records", count),
        Figure("Gross", Money(gross, payout.currency), "charges less refunds and chargebacks"),
        Figure("Platform fee", Money(-payout.platform_fee, payout.currency)),
    ]
    if adjusted:
        figures.append(Figure("Adjustments", Money(adjusted, payout.currency)))
    net = Money(gross - payout.platform_fee + adjusted, payout.currency)
    note = "what the payout pays" if net == payout.net else "not what the payout pays: run check_books"
    return [*figures, Figure("Net", net, note)]


def _records(page: list[RecordBehind], payout: Payout) -> Panel:
    return Panel(
        "Records, last received first",
        ["Record", "Kind", "API", "Occurred", "Amount", "Adds", "Customer", "Earning"],
        [
            (
                link_to(BillingRecord(pk=record.id), record.record_id),
                RecordKind(record.kind),
                record.api_id,
                record.occurred_at,
                Money(record.amount, record.currency),
                Money(record.gross, record.currency),
                record.customer_id,
                link_to(CreatorEarning(pk=record.earning_id), f"{record.occurred_at:%b %Y}"),
            )
            for record in page
        ],
        empty="None: it pays adjustments only.",
    )


def _position(request: HttpRequest) -> Position:
    """Read where the page before ended: the batch's and the record's number."""
    if "before" not in request.GET:
        return LAST
    batch, _, record = request.GET["before"].partition("-")
    return number(batch), number(record)
