"""Panels of a creator's page, on its tabs."""

from accounts.models import Creator, Hold, HoldSource
from console.panels.books import running_balance, running_balance_of, side
from console.panels.tabs import BOOKS, EARNINGS, HOLDS, OVERVIEW, PAYOUTS
from database import sql
from database.admin import Panel, anchor, link_to, list_of, panel
from earnings.models import (
    Adjustment,
    AdjustmentKind,
    AdjustmentStatus,
    Api,
    ApiOwnership,
    CreatorEarning,
)
from earnings.selectors import earned_by_month
from ledger.models import AccountKind, LedgerAccount
from money import Money, last_months
from payouts.models import Payout, RunDecision
from payouts.states import DecisionReason, PayoutStatus

ROWS = 12
FEW = 6
APIS_NAMED = 20


@panel(Creator, tab=OVERVIEW)
def newest_payouts(creator: Creator) -> Panel:
    return _payouts(creator, limit=FEW)


@panel(Creator, tab=PAYOUTS)
def last_payouts(creator: Creator) -> Panel:
    return _payouts(creator, limit=ROWS)


def _payouts(creator: Creator, *, limit: int) -> Panel:
    rows = Payout.objects.filter(creator=creator).select_related("run", "creator").order_by("-created_at")
    return Panel(
        "Latest payouts",
        ["Payout", "Status", "Why", "Made", "Arrives", "Paid"],
        [
            (
                row,
                PayoutStatus(row.status),
                row.failure_message or row.failure_code.replace("_", " "),
                row.created_at,
                row.arrival_date,
                row.paid_at,
            )
            for row in rows[:limit]
        ],
        empty="No payouts yet.",
        more=list_of(Payout, creator=creator.pk),
    )


@panel(Creator, tab=PAYOUTS)
def last_decisions(creator: Creator) -> Panel:
    rows = RunDecision.objects.filter(creator=creator).select_related("run", "payout__creator")
    return Panel(
        "Latest run decisions",
        ["Run", "Decision", "Amount", "Payout", "Detail", "Decided"],
        [
            (
                row.run,
                DecisionReason(row.reason),
                Money(row.amount, row.currency),
                row.payout and PayoutStatus(row.payout.status),
                row.detail,
                row.decided_at,
            )
            for row in rows.order_by("-pk")[:ROWS]
        ],
        empty="No run has included this creator yet.",
        more=list_of(RunDecision, creator=creator.pk),
    )


@panel(Creator, tab=EARNINGS)
def earned_by_api(creator: Creator) -> Panel:
    """Show the net of each API in the last months; all columns add up to all that was earned."""
    months = last_months(sql.now(), FEW)
    rows: list[tuple[object, ...]] = []
    for currency, earned in earned_by_month(creator.pk, first=months[-1], named=APIS_NAMED).items():
        for row in earned:
            name = link_to(Api(pk=row.api), row.title) if row.api else row.title
            figures = [*(row.in_month(month) for month in (*months, None)), row.lifetime]
            rows.append((name, *(Money(figure, currency) for figure in figures)))
        totals = [sum(row.in_month(month) for row in earned) for month in (*months, None)]
        sums = [*totals, sum(row.lifetime for row in earned)]
        rows.append((f"Total in {currency}", *(Money(figure, currency) for figure in sums)))
    return Panel(
        "Net by API and month",
        ["API", *(f"{month:%b %Y}" for month in months), "Earlier", "All time"],
        rows,
        empty="No earnings yet.",
        more=list_of(CreatorEarning, creator=creator.pk),
    )


@panel(Creator, tab=EARNINGS)
def last_earnings(creator: Creator) -> Panel:
    rows = CreatorEarning.objects.filter(creator=creator).select_related("api", "payout__creator")
    return Panel(
        "Latest earnings",
        ["Earning", "API", "Gross", "Platform fee", "Net", "Payout"],
        [
            (
                row,
                row.api or row.description,
                Money(row.gross, row.currency),
                Money(row.platform_fee, row.currency),
                Money(row.net, row.currency),
                row.payout,
            )
            for row in rows.order_by("-pk")[:ROWS]
        ],
        empty="No earnings yet.",
        more=list_of(CreatorEarning, creator=creator.pk),
    )


@panel(Creator, tab=EARNINGS)
def apis(creator: Creator) -> Panel:
    rows = ApiOwnership.objects.filter(creator=creator).select_related("api").order_by("-pk")[:ROWS]
    return Panel(
        "APIs",
        ["API", "API id", "Owned from"],
        [(row.api, row.api.external_id, row.owned_from) for row in rows],
        empty="No APIs.",
        more=list_of(ApiOwnership, creator=creator.pk),
    )


@panel(Creator, tab=HOLDS)
def adjustments(creator: Creator) -> Panel:
    rows = Adjustment.objects.filter(creator=creator).order_by("-pk")[:ROWS]
    return Panel(
        "Adjustments",
        ["Adjustment", "Amount", "Status", "Reason", "Proposed by", "Proposed", "Decided by", "Decided"],
        [
            (
                link_to(row, AdjustmentKind(row.kind)),
                Money(row.amount, row.currency),
                AdjustmentStatus(row.status),
                row.reason,
                row.proposed_by,
                row.proposed_at,
                row.decided_by,
                row.decided_at,
            )
            for row in rows
        ],
        empty="No adjustments.",
        more=list_of(Adjustment, creator=creator.pk),
    )


@panel(Creator, tab=HOLDS)
def holds(creator: Creator) -> Panel:
    rows = Hold.objects.filter(creator=creator).order_by("-pk")[:ROWS]
    return Panel(
        "Holds",
        ["Reason", "Source", "Placed by", "Placed", "Expires", "Lifted"],
        [
            (
                link_to(hold, hold.reason),
                HoldSource(hold.source),
                hold.placed_by,
                hold.placed_at,
                hold.expires_at,
                hold.lifted_at,
            )
            for hold in rows
        ],
        empty="No holds.",
        more=list_of(Hold, creator=creator.pk),
    )


@panel(Creator, tab=BOOKS)
def ledger_accounts(creator: Creator) -> Panel:
    rows = LedgerAccount.objects.filter(owner_id=creator.pk).order_by("kind", "currency")
    return Panel(
        "Ledger accounts",
        ["Ledger account", "Balance"],
        [
            (row, anchor(running_balance_of(row.pk), side(Money(row.balance or 0, row.currency))))
            for row in rows
        ],
        empty="No entries yet.",
    )


@panel(Creator, tab=BOOKS)
def what_they_are_owed(creator: Creator) -> Panel | None:
    """Show the entries of what they are owed, in the newest of their currencies."""
    payable = LedgerAccount.objects.filter(owner_id=creator.pk, kind=AccountKind.CREATOR_PAYABLE)
    return next((running_balance(account) for account in payable.order_by("-pk")), None)
