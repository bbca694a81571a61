"""The page of what waits for a second person."""

from datetime import datetime

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from console.acting.buttons import buttons_for
from console.frame import render_panels
from database import sql
from database.admin import Panel, link_to, list_of
from database.display import NOTHING, ago
from earnings import selectors as earnings
from earnings.models import Adjustment, AdjustmentKind, AdjustmentStatus
from money import Money
from payouts import selectors as payouts
from payouts.models import PlacementStatus, PlacementTarget, SuspensePlacement

MOST = 50


def show(request: HttpRequest) -> HttpResponse:
    """List the proposals that nobody has decided about, oldest first."""
    now = sql.now()
    return render_panels(
        request,
        title="Approvals",
        lead="Proposals take effect once a second person approves them.",
        panels=[_adjustments(request, now=now), _placements(request, now=now)],
    )


def _buttons(request: HttpRequest, proposal: Model) -> SafeString:
    """Show the buttons for what this member of staff may decide."""
    buttons = buttons_for(request, proposal, back=request.path)
    return render_to_string("console/acts/buttons.html", {"buttons": buttons}) if buttons else NOTHING


def _adjustments(request: HttpRequest, *, now: datetime) -> Panel:
    rows = earnings.proposed_adjustments()[:MOST]
    return Panel(
        "Adjustments and write-offs",
        ["Proposal", "Creator", "Amount", "Reason", "Proposed by", "Waits", "Decide"],
        [
            (
                link_to(row, AdjustmentKind(row.kind).label),
                row.creator,
                Money(row.amount, row.currency),
                row.reason,
                row.proposed_by,
                ago(row.proposed_at, now=now),
                _buttons(request, row),
            )
            for row in rows
        ],
        empty="No adjustment or write-off waits for a second person.",
        more=list_of(Adjustment, status__exact=AdjustmentStatus.PROPOSED),
    )


def _placements(request: HttpRequest, *, now: datetime) -> Panel:
    rows = payouts.proposed_placements()[:MOST]
    return Panel(
        "Money in suspense",
        ["Proposal", "Payout", "Amount", "Reason", "Proposed by", "Waits", "Decide"],
        [
            (
                link_to(row, PlacementTarget(row.target).label),
                row.payout,
                row.money,
                row.reason,
                row.proposed_by,
                ago(row.proposed_at, now=now),
                _buttons(request, row),
            )
            for row in rows
        ],
        empty="No proposal waits for whose the money in suspense is.",
        more=list_of(SuspensePlacement, status__exact=PlacementStatus.PROPOSED),
    )
