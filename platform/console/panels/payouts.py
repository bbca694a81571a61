"""Panels of a payout: its line items, history, attempts and ledger entries."""

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
    yield Figure("Net", payout.net, "the creator's share")
    yield Figure("Gross", Money(payout.gross_amount, payout.currency))
    yield Figure("Platform fee", Money(payout.platform_fee, payout.currency))
    if payout.bank_amount is not None:
        yield Figure(
            "Bank payout", Money(payout.bank_amount, payout.bank_currency), payout.arrival_date or ""
        )


@panel(Payout)
def history(payout: Payout) -> Panel:
    return Panel(
        "History",
        ["When", "From", "To", "By", "Reason"],
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
        "Attempts",
        ["Attempt", "Status", "Amount", "Stripe id", "Times sent", "Error", "Created"],
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
        empty="Nothing sent to Stripe yet.",
    )


@panel(Payout)
def booked(payout: Payout) -> Panel:
    prefix = f"payout:{payout.pk}:"
    return Panel(
        "Ledger entries", ENTRY_COLUMNS, entries_of(prefix), more=list_of(LedgerTransaction, q=prefix)
    )


@panel(Payout)
def decisions(payout: Payout) -> Panel:
    rows = payout.decisions.select_related("run").order_by("pk")
    return Panel(
        "Run decisions",
        ["Run", "Decision", "Amount", "Decided"],
        [
            (row.run, DecisionReason(row.reason), Money(row.amount, row.currency), row.decided_at)
            for row in rows
        ],
        empty="Not made by a run.",
    )


@panel(Payout)
def lines(payout: Payout) -> Panel:
    """List the largest line items first; the total includes those not shown."""
    rows = payout.line_items.select_related("api", "earning").order_by("-net_revenue", "pk")[:LINES_SHOWN]
    whole = payout.line_items.aggregate(
        count=Count("pk"), gross=Sum("gross_revenue"), fee=Sum("platform_fee"), net=Sum("net_revenue")
    )
    sums = [Money(int(whole[name] or 0), payout.currency) for name in ("gross", "fee", "net")]
    return Panel(
        "Line items",
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
        total=(f"Total of {whole['count']}", "", *sums, "", "", ""),
        more=list_of(PayoutLineItem, payout=payout.pk),
    )
