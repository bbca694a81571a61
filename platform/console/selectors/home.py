"""What staff see at a glance: each read is one query over an index, a short table, or one pass over payouts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Min, Q, Sum

from accounts.models import Hold
from earnings.models import BillingBatch, QuarantinedRecord, Reason
from ledger.models import AccountKind, LedgerAccount
from money import Money, month_of
from payouts.models import Payout, PayoutRun, RunDecision
from payouts.states import DecisionReason, PayoutStatus
from revenue.models import PlatformRevenue
from stripe_io.models import InboxEvent

MONTHS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Owed:
    """What creators have earned and no payout has claimed, what others owe back, and what waits to be sent."""

    to_creators: Money
    by_creators: Money
    reserved: Money


@dataclass(frozen=True, slots=True)
class PayoutTotals:
    """The payouts of one status and currency: made this month, and ever."""

    status: PayoutStatus
    count_this_month: int
    net_this_month: Money
    count: int
    net: Money


@dataclass(frozen=True, slots=True)
class DecisionTotals:
    """What a run decided for one reason and currency; amounts are net and signed."""

    reason: DecisionReason
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class RevenueMonth:
    """One row of `platform_revenue`; `share` compares its gross with the best month shown, in percent."""

    month: date
    gross: Money
    fees: Money
    earnings: Money
    payouts: Money
    share: int


def owed() -> list[Owed]:
    """Sum up creators' balances, per currency."""
    payable = Q(kind=AccountKind.CREATOR_PAYABLE)
    rows = (
        LedgerAccount.objects.filter(kind__in=[AccountKind.CREATOR_PAYABLE, AccountKind.PAYOUTS_RESERVED])
        .values("currency")
        .annotate(
            to_creators=Sum("balance", filter=payable & Q(balance__gt=0), default=0),
            by_creators=-Sum("balance", filter=payable & Q(balance__lt=0), default=0),
            reserved=Sum("balance", filter=Q(kind=AccountKind.PAYOUTS_RESERVED), default=0),
        )
        .order_by("currency")
    )
    return [
        Owed(*(Money(int(row[name]), row["currency"]) for name in ("to_creators", "by_creators", "reserved")))
        for row in rows
    ]


def payouts_by_status(*, now: datetime) -> list[PayoutTotals]:
    """Sum up payouts in the order of their states; "this month" goes by when they were made."""
    this_month = Q(created_at__gte=datetime.combine(month_of(now).start, time.min, UTC))
    rows = (
        Payout.objects.values("status", "currency")
        .annotate(
            count=Count("pk"),
            total=Sum("net_amount"),
            count_this_month=Count("pk", filter=this_month),
            net_this_month=Sum("net_amount", filter=this_month, default=0),
        )
        .order_by("currency")
    )
    totals = [
        PayoutTotals(
            status=PayoutStatus(row["status"]),
            count_this_month=row["count_this_month"],
            net_this_month=Money(int(row["net_this_month"]), row["currency"]),
            count=row["count"],
            net=Money(int(row["total"]), row["currency"]),
        )
        for row in rows
    ]
    return sorted(totals, key=lambda total: list(PayoutStatus).index(total.status))


def last_run() -> PayoutRun | None:
    return PayoutRun.objects.filter(superseded_at=None).order_by("-cutoff").first()


def decisions_by_reason(run: PayoutRun) -> list[DecisionTotals]:
    """Sum up what a run decided, most frequent first."""
    rows = (
        RunDecision.objects.filter(run=run)
        .values("reason", "currency")
        .annotate(count=Count("pk"), amount=Sum("amount"))
        .order_by("-count", "reason", "currency")
    )
    return [
        DecisionTotals(
            DecisionReason(row["reason"]), row["count"], Money(int(row["amount"]), row["currency"])
        )
        for row in rows
    ]


def open_quarantine_by_reason() -> list[tuple[Reason, int]]:
    """Count the records that wait in quarantine, most frequent reason first."""
    rows = (
        QuarantinedRecord.objects.filter(resolved_at=None)
        .values("reason")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason")
    )
    return [(Reason(row["reason"]), row["count"]) for row in rows]


def open_holds() -> int:
    """Count the creators who are on hold."""
    return Hold.objects.filter(lifted_at=None).values("creator").distinct().count()


def unhandled_events() -> int:
    return InboxEvent.objects.filter(handled_at=None).count()


def earnings_lag(*, now: datetime) -> timedelta:
    """Measure how old the oldest accepted record is that no earning contains yet."""
    oldest = BillingBatch.objects.filter(posted_at=None, accepted__gt=0).aggregate(oldest=Min("received_at"))
    return now - oldest["oldest"] if oldest["oldest"] else timedelta()


def revenue_by_month() -> list[RevenueMonth]:
    """Return the last months of the platform's revenue, newest first, per currency."""
    rows = list(PlatformRevenue.objects.order_by("-month", "currency")[:MONTHS_SHOWN])
    best = _best_gross(rows)
    return [
        RevenueMonth(
            month=row.month,
            gross=Money(row.total_gross_revenue, row.currency),
            fees=Money(row.total_platform_fees, row.currency),
            earnings=Money(row.total_creator_earnings, row.currency),
            payouts=Money(row.total_creator_payouts, row.currency),
            share=max(0, row.total_gross_revenue * 100 // best[row.currency]),
        )
        for row in rows
    ]


def _best_gross(rows: Iterable[PlatformRevenue]) -> dict[str, int]:
    best: dict[str, int] = {}
    for row in rows:
        best[row.currency] = max(best.get(row.currency, 1), row.total_gross_revenue)
    return best
