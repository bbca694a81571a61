"""Reads about differences with Stripe and with the marketplace's tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, Sum

from money import Money
from payouts.models import Difference


@dataclass(frozen=True, slots=True)
class OpenDifferences:
    """The number of open differences by kind, and the age of the oldest."""

    by_kind: Mapping[str, int]
    oldest: timedelta

    @property
    def count(self) -> int:
        return sum(self.by_kind.values())


@dataclass(frozen=True, slots=True)
class DifferencesInCurrency:
    """The open differences in one currency: their signed sum, how many nobody owns, and when the oldest was found."""

    count: int
    without_owner: int
    amount: Money
    oldest: datetime


def differences_by_currency() -> list[DifferencesInCurrency]:
    rows = (
        Difference.objects.filter(resolved_at=None)
        .values("currency")
        .annotate(
            count=Count("pk"),
            without_owner=Count("pk", filter=Q(owner="")),
            amount=Sum("amount"),
            oldest=Min("found_at"),
        )
        .order_by("currency")
    )
    return [
        DifferencesInCurrency(
            row["count"], row["without_owner"], Money(int(row["amount"]), row["currency"]), row["oldest"]
        )
        for row in rows
    ]


def open_differences(*, now: datetime) -> OpenDifferences:
    rows = list(
        Difference.objects.filter(resolved_at=None)
        .values("kind")
        .annotate(count=Count("pk"), oldest=Min("found_at"))
        .order_by("kind")
    )
    oldest = min((row["oldest"] for row in rows), default=now)
    return OpenDifferences({row["kind"]: row["count"] for row in rows}, now - oldest)
