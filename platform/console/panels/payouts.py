"""Panels of a payout's page, on its tabs."""

from django.db.models import Count, Sum

from console.panels.books import ENTRY_COLUMNS, entries_of
from console.panels.tabs import BOOKS, OVERVIEW
from database.admin import TECHNICAL, Panel, link_to, list_of, panel
from database.display import copyable, stripe_id
from ledger.models import LedgerTransaction
from money import Money, Period
from payouts.models import Payout, PayoutLineItem
from payouts.states import AttemptKind, AttemptStatus, DecisionReason, PayoutStatus

LINES_SHOWN = 10
OTHERS_SHOWN = 10


@panel(Payout, tab=OVERVIEW)
def lines(payout: Payout) -> Panel:
    """List the largest line items first; the total includes those not shown."""
    rows = payout.line_items.select_related("api", "earning").order_by("-net_revenue", "pk")[:LINES_SHOWN]
    whole = payout.line_items.aggregate(
        count=Count("pk"), gross=Sum("gross_revenue"), fee=Sum("platform_fee"), net=Sum("net_revenue")
    )
    sums = [Money(int(whole[name] or 0), payout.currency) for name in ("gross", "fee", "net")]
    return Panel(
        "What it pays",
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


@panel(Payout, tab=OVERVIEW)
def before_and_after(payout: Payout) -> Panel | None:
    """Show the payouts that it retries, or that retry it, and those that its earnings are or were part of."""
    of_its_earnings = PayoutLineItem.objects.filter(earning__in=payout.line_items.values("earning"))
    # Each by its own index, which one condition on all of them couldn't use.
    related = of_its_earnings.values("payout").union(
        Payout.objects.filter(retried_as=payout).values("pk"),
        Payout.objects.filter(retry_of=payout).values("pk"),
    )
    others = Payout.objects.filter(pk__in=related).exclude(pk=payout.pk)
    rows = others.select_related("creator").order_by("pk")[:OTHERS_SHOWN]
    if not rows:
        return None
    return Panel(
        "Before and after",
        ["Payout", "Status", "How", "Made"],
        [(row, PayoutStatus(row.status), _relation(row, payout), row.created_at) for row in rows],
    )


def _relation(other: Payout, payout: Payout) -> str:
    if other.pk == payout.retry_of_id:
        return "This one retries it"
    if other.retry_of_id == payout.pk:
        return "It retries this one"
    return "Paid its earnings later" if other.pk > payout.pk else "Had its earnings before"


@panel(Payout, tab=BOOKS)
def booked(payout: Payout) -> Panel:
    prefix = f"payout:{payout.pk}:"
    return Panel(
        "Ledger entries", ENTRY_COLUMNS, entries_of(prefix), more=list_of(LedgerTransaction, q=prefix)
    )


@panel(Payout, tab=TECHNICAL)
def attempts(payout: Payout) -> Panel:
    return Panel(
        "Attempts",
        ["Attempt", "Status", "Amount", "Stripe id", "Request", "Idempotency key", "Times sent"],
        [
            (
                link_to(attempt, AttemptKind(attempt.kind).label),
                AttemptStatus(attempt.status),
                Money(attempt.amount, attempt.currency),
                stripe_id(attempt.stripe_id),
                copyable(attempt.request_id, shown=attempt.request_id),
                copyable(attempt.idempotency_key, shown=f"{attempt.idempotency_key[:8]}…"),
                attempt.sends,
            )
            for attempt in payout.attempts.order_by("pk")
        ],
        empty="Nothing sent to Stripe yet.",
    )


@panel(Payout, tab=TECHNICAL)
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
