"""Reads about runs and payouts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from django.db.models import Count, F, Min, Q, Sum

from money import Money, month_of
from payouts.models import Payout, PayoutEvent, PayoutRun, RunDecision
from payouts.states import FINISHED, DecisionReason, PayoutStatus

RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PayoutTotals:
    """The payouts of one status and currency: made this month, and ever."""

    status: PayoutStatus
    count_this_month: int
    net_this_month: Money
    count: int
    net: Money


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many payouts finished, and how many of these failed."""

    finished: int
    failed: int

    @property
    def failed_bps(self) -> int:
        """Failed ÷ finished in basis points; 0 where none finished."""
        return round(Fraction(self.failed * 10_000, self.finished)) if self.finished else 0


@dataclass(frozen=True, slots=True)
class DecisionTotals:
    """What a run decided for one reason and currency; amounts are net and signed."""

    reason: DecisionReason
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class OutcomeTotals:
    """What became of the payouts that a run made: those of one status and currency."""

    status: PayoutStatus
    count: int
    amount: Money


def totals_by_status(*, now: datetime) -> list[PayoutTotals]:
    """Sum up payouts in the order of their states; "this month" goes by when they were made."""
    this_month = Q(created_at__gte=month_of(now).starts_at)
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


def recent_outcomes(*, now: datetime) -> Outcomes:
    """Count the payouts that finished within 30 days and have stayed so.

    One that was paid and came back is under way again; one that was paid twice counts once.
    """
    ends = PayoutEvent.objects.filter(
        at__gte=now - RECENT, to_status__in=FINISHED, payout__status=F("to_status")
    )
    counts = ends.aggregate(
        finished=Count("payout", distinct=True),
        failed=Count("payout", distinct=True, filter=Q(to_status=PayoutStatus.FAILED)),
    )
    return Outcomes(**counts)


def oldest_due(*, now: datetime) -> timedelta:
    """Measure how long the payout has been due that has been due longest; none at all if none is."""
    oldest = Payout.objects.filter(next_retry_at__lte=now).aggregate(oldest=Min("next_retry_at"))["oldest"]
    return now - oldest if oldest else timedelta()


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


def outcomes_by_status(run: PayoutRun) -> list[OutcomeTotals]:
    """Sum up the payouts that a run made, as they are now, in the order of their states.

    One that staff made in the place of another of the run counts, and the other doesn't: each creator counts once.
    """
    rows = (
        RunDecision.objects.filter(run=run, reason=DecisionReason.PAID)
        .values("payout__status", "currency")
        .annotate(count=Count("pk"), amount=Sum("amount"))
        .order_by("currency")
    )
    totals = [
        OutcomeTotals(
            PayoutStatus(row["payout__status"]), row["count"], Money(int(row["amount"]), row["currency"])
        )
        for row in rows
    ]
    return sorted(totals, key=lambda total: list(PayoutStatus).index(total.status))
