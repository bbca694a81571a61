"""The page of what waits for a second person."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from database.admin import Panel, link_to, list_of
from earnings.models import Adjustment, AdjustmentKind, AdjustmentStatus
from money import Money
from payouts.models import PlacementStatus, PlacementTarget, SuspensePlacement

MOST = 50


def show(request: HttpRequest) -> HttpResponse:
    """List the proposals that nobody has decided about, oldest first."""
    context = admin.site.each_context(request) | {
        "title": "Approvals",
        "lead": "Proposals take effect once a second person approves them.",
        "panels": [_adjustments(), _placements()],
    }
    return render(request, "console/panels_page.html", context)


def _adjustments() -> Panel:
    rows = Adjustment.objects.filter(status=AdjustmentStatus.PROPOSED).select_related("creator")
    return Panel(
        "Adjustments and write-offs",
        ["Proposal", "Creator", "Amount", "Reason", "Proposed by", "Proposed"],
        [
            (
                link_to(row, AdjustmentKind(row.kind).label),
                row.creator,
                Money(row.amount, row.currency),
                row.reason,
                row.proposed_by,
                row.proposed_at,
            )
            for row in rows.order_by("proposed_at")[:MOST]
        ],
        empty="No adjustment or write-off waits for a second person.",
        more=list_of(Adjustment, status__exact=AdjustmentStatus.PROPOSED),
    )


def _placements() -> Panel:
    rows = SuspensePlacement.objects.filter(status=PlacementStatus.PROPOSED).select_related("payout__creator")
    return Panel(
        "Money in suspense",
        ["Proposal", "Payout", "Amount", "Reason", "Proposed by", "Proposed"],
        [
            (
                link_to(row, PlacementTarget(row.target).label),
                row.payout,
                row.money,
                row.reason,
                row.proposed_by,
                row.proposed_at,
            )
            for row in rows.order_by("proposed_at")[:MOST]
        ],
        empty="No proposal waits for whose the money in suspense is.",
        more=list_of(SuspensePlacement, status__exact=PlacementStatus.PROPOSED),
    )
