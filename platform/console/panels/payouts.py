"""A payout: what it is made of, what became of it, and what was booked."""

from collections.abc import Iterator

from django.db.models import Count, Sum

from console.panels.books import ENTRY_COLUMNS, entries_of
from database.admin import Figure, Panel, headline, link_to, list_of, panel
from database.display import stripe_id
from ledger.models import LedgerTransaction
from money import Money, Period
from payouts.models import Payout, PayoutLineItem
from payouts.states import AttemptKind, AttemptStatus, DecisionReason, PayoutStatus

LINES_SHOWN = 20


@headline(Payout)
def amounts_and_status(payout: Payout) -> Iterator[Figure]:
    yield Figure("Status", PayoutStatus(payout.status), payout.failure_message)
    yield Figure("Net", payout.net, "what the creator gets")
    yield Figure("Gross", Money(payout.gross_amount, payout.currency))
    yield Figure("Platform fee", Money(payout.platform_fee, payout.currency))
    if payout.bank_amount is not None:
        yield Figure(
            "To the bank", Money(payout.bank_amount, payout.bank_currency), payout.arrival_date or ""
        )


@panel(Payout)
def history(payout: Payout) -> Panel:
    return Panel(
        "History",
        ["When", "From", "To", "By", "Why"],
        [
            (
                event.at,
                event.from_status and PayoutStatus(event.from_status),
                PayoutStatus(event.to_status),
                event.actor,
                event.reason,
            )
            for event in payout.events.order_by("pk")
        ],
    )


@panel(Payout)
def attempts(payout: Payout) -> Panel:
    return Panel(
        "Attempts at Stripe",
        ["Attempt", "Status", "Amount", "At Stripe", "Sends", "Error", "Made"],
        [
            (
                link_to(attempt, AttemptKind(attempt.kind).label),
                AttemptStatus(attempt.status),
                Money(attempt.amount, attempt.currency),
                stripe_id(attempt.stripe_id),
                attempt.sends,
                attempt.error_message or attempt.error_code,
                attempt.created_at,
            )
            for attempt in payout.attempts.order_by("pk")
        ],
        empty="Stripe has not been asked to move anything yet.",
    )


@panel(Payout)
def booked(payout: Payout) -> Panel:
    prefix = f"payout:{payout.pk}:"
    return Panel("In the books", ENTRY_COLUMNS, entries_of(prefix), more=list_of(LedgerTransaction, q=prefix))


@panel(Payout)
def decisions(payout: Payout) -> Panel:
    rows = payout.decisions.select_related("run").order_by("pk")
    return Panel(
        "Decided by",
        ["Run", "Decision", "Amount", "Decided"],
        [
            (row.run, DecisionReason(row.reason), Money(row.amount, row.currency), row.decided_at)
            for row in rows
        ],
        empty="No run made it.",
    )


@panel(Payout)
def lines(payout: Payout) -> Panel:
    """List the lines, the largest first, and the sum of all of them, shown or not."""
    rows = payout.line_items.select_related("api", "earning").order_by("-net_revenue", "pk")[:LINES_SHOWN]
    whole = payout.line_items.aggregate(
        count=Count("pk"), gross=Sum("gross_revenue"), fee=Sum("platform_fee"), net=Sum("net_revenue")
    )
    sums = [Money(int(whole[name] or 0), payout.currency) for name in ("gross", "fee", "net")]
    return Panel(
        "Lines",
        ["API", "Period", "Gross", "Platform fee", "Net", "Subscriptions", "API calls", "Earning"],
        [
            (
                link_to(row, str(row.api or row.description)),
                Period(row.period_start, row.period_end),
                Money(row.gross_revenue, payout.currency),
                Money(row.platform_fee, payout.currency),
                Money(row.net_revenue, payout.currency),
                row.total_subscriptions,
                row.total_api_calls,
                link_to(row.earning, Period(row.earning.period_start, row.earning.period_end)),
            )
            for row in rows
        ],
        total=(f"Sum of {whole['count']}", "", *sums, "", "", ""),
        more=list_of(PayoutLineItem, payout=payout.pk),
    )
