"""Pages of money that waits: for creators who can't be paid, and from creators whose balance is negative."""

from django.http import HttpRequest, HttpResponse

from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, Hold
from console.frame import number, render_panels
from database.admin import Figure, Panel, anchor, list_of, page_of
from database.display import count_of
from earnings import selectors as earnings
from earnings.models import Adjustment, AdjustmentKind, AdjustmentStatus
from ledger import selectors as ledger
from money import Money
from payouts import selectors as payouts
from payouts.selectors import BlockedBy

ROWS_PER_PAGE = 100


def show_held(request: HttpRequest) -> HttpResponse:
    """List the creators who can't be paid now, those for whom most waits first."""
    page = number(request.GET.get("p", "0"))
    totals = payouts.blocked_totals()
    titles: dict[BlockedBy, str] = {"on_hold": "On hold", "restricted": "Restricted by Stripe"}
    return render_panels(
        request,
        title="Held money",
        headlines=[
            Figure(titles[total.cause], total.amount, count_of(total.creators, "creator"))
            for total in totals
            if total.amount
        ],
        panels=[
            _blocked("on_hold", "Creators on hold", list_of(Hold, lifted_at__isempty=1), page),
            _blocked(
                "restricted",
                "Creators whose account Stripe has restricted",
                list_of(CreatorPaymentAccount, account_status__exact=AccountStatus.RESTRICTED),
                page,
            ),
        ],
        next_page=f"?p={page + 1}"
        if any(total.creators > (page + 1) * ROWS_PER_PAGE for total in totals)
        else "",
    )


def _blocked(cause: BlockedBy, title: str, more: str, page: int) -> Panel:
    rows = payouts.blocked_creators(cause, limit=ROWS_PER_PAGE, offset=page * ROWS_PER_PAGE)
    return Panel(
        title,
        ["Creator", "Since", "In no payout yet", "In payouts on hold", "Waiting"],
        [
            (
                anchor(page_of(Creator(pk=row.creator_id)), row.external_id),
                row.since,
                *(
                    Money(amount, row.currency) if row.currency else ""
                    for amount in (row.owed, row.in_payouts, row.owed + row.in_payouts)
                ),
            )
            for row in rows
        ],
        empty="None.",
        more=more,
    )


def show_negative_balances(request: HttpRequest) -> HttpResponse:
    """List the creators who owe the platform, longest debt first."""
    page = number(request.GET.get("p", "0"))
    rows = earnings.negative_balances(limit=ROWS_PER_PAGE + 1, offset=page * ROWS_PER_PAGE)
    return render_panels(
        request,
        title="Negative balances",
        headlines=[
            Figure("Owed by creators", owed.by_creators, "carried forward until they earn it")
            for owed in ledger.owed()
            if owed.by_creators.amount
        ],
        panels=[
            Panel(
                "Creators who owe the platform",
                ["Creator", "Owes", "Since", "Last earned", "Last written off", "On"],
                [
                    (
                        anchor(page_of(Creator(pk=row.creator_id)), row.external_id),
                        row.owed,
                        row.since,
                        row.last_earned,
                        row.written_off,
                        row.written_off_at,
                    )
                    for row in rows[:ROWS_PER_PAGE]
                ],
                empty="No creator owes the platform anything.",
                more=list_of(
                    Adjustment,
                    kind__exact=AdjustmentKind.WRITE_OFF,
                    status__exact=AdjustmentStatus.APPROVED,
                ),
            )
        ],
        next_page=f"?p={page + 1}" if len(rows) > ROWS_PER_PAGE else "",
    )
