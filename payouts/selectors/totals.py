"""Reads about runs and payouts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from django.conf import settings
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum

from money import Money, month_of
from payouts.models import Payout, PayoutEvent, PayoutRun, RunDecision
from payouts.states import FINISHED, DecisionReason, PayoutStatus

RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PayoutTotals:
    """The payouts of one status and currency: made this month, and of all time."""

    status: PayoutStatus
    count_this_month: int
    net_this_month: Money
    count: int
    net: Money


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many payouts finished, and how many of them failed."""

    finished: int
    failed: int

    @property
    def failed_bps(self) -> int:
        """Failed ÷ finished in basis points; 0 where none finished."""
        return round(Fraction(self.failed * 10_000, self.finished)) if self.finished else 0


@dataclass(frozen=True, slots=True)
class DecisionTotals:
    """A run's decisions with one reason and currency; amounts are net and signed."""

    reason: DecisionReason
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class OutcomeTotals:
    """A run's payouts with one status and currency."""

    status: PayoutStatus
    count: int
    amount: Money


def totals_by_status(*, now: datetime) -> list[PayoutTotals]:
    """Sum payouts by status, in the order of the states; "this month" is by creation time."""
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
    """Count the payouts that finished in the last 30 days and are still finished.

    One that was paid and came back is no longer finished; one that was paid twice counts once.
    """
    ends = PayoutEvent.objects.filter(
        at__gte=now - RECENT, to_status__in=FINISHED, payout__status=F("to_status")
    )
    counts = ends.aggregate(
        finished=Count("payout", distinct=True),
        failed=Count("payout", distinct=True, filter=Q(to_status=PayoutStatus.FAILED)),
    )
    return Outcomes(**counts)


def failing_payouts() -> int:
    """Count the payouts that our own code fails at."""
    return Payout.objects.filter(errors__gt=0).count()


def stuck(*, now: datetime) -> QuerySet[Payout]:
    """Select the unfinished payouts that have not moved for `STUCK_PAYOUT_DAYS`, except those on hold."""
    before = now - timedelta(days=settings.STUCK_PAYOUT_DAYS)
    moved = PayoutEvent.objects.filter(payout=OuterRef("pk"), at__gte=before)
    unfinished = Payout.objects.exclude(status__in=FINISHED).exclude(status=PayoutStatus.ON_HOLD)
    return unfinished.filter(~Exists(moved), created_at__lt=before)


def stuck_payouts(*, now: datetime) -> int:
    return stuck(now=now).count()


def in_suspense() -> QuerySet[Payout]:
    """Select the payouts of which something came back that isn't placed yet, oldest first."""
    came_back = Payout.objects.filter(amount_reversed__gt=F("amount_placed"))
    unplaced = came_back.exclude(status=PayoutStatus.REVERSED)
    return unplaced.select_related("creator").order_by("pk")


def oldest_due(*, now: datetime) -> timedelta:
    """Return how long the longest-due payout has been due; zero if none is. Retries of failed ones don't count."""
    due = Payout.objects.filter(next_retry_at__lte=now).exclude(status=PayoutStatus.FAILED)
    oldest = due.aggregate(oldest=Min("next_retry_at"))["oldest"]
    return now - oldest if oldest else timedelta()


def last_run() -> PayoutRun | None:
    return PayoutRun.objects.filter(superseded_at=None).order_by("-cutoff").first()


def decisions_by_reason(run: PayoutRun) -> list[DecisionTotals]:
    """Sum a run's decisions by reason, most frequent first."""
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
    """Sum a run's payouts by their present status, in the order of the states.

    A payout retried by staff counts instead of the one it replaced, so each creator counts once.
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
