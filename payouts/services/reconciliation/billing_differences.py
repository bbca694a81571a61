"""Differences between what is counted and the marketplace's own tables: found nightly, told, and resolved once gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from database import sql
from database.staff import SYSTEM, Act
from earnings.services.tables_comparison import Comparison, Found, compare_shared_tables
from payouts import selectors
from payouts.models import BILLING_KINDS, Difference, DifferenceKind
from payouts.services import differences

GONE = "Gone: the tables were compared again, and both sides agree."
# That a subscription moved doesn't pass: whoever looked into it says so.
_NEVER_GONE = frozenset([DifferenceKind.SUBSCRIPTION_MOVED])


@dataclass(frozen=True, slots=True)
class Compared:
    """What comparing came to; `open` counts the differences of these kinds that are open after it."""

    months: int
    mended: int
    found: int
    gone: int
    open: Mapping[str, int]


def compare_billing_tables(database: Mapping[str, Any], *, now: datetime) -> Compared:
    """Compare all that is paid in the marketplace's tables with what is counted here, and write down what differs.

    Raises: BillingDatabaseRefused.
    """
    comparison = compare_shared_tables(database, now=now)
    with transaction.atomic():
        # Two comparisons at once would both open what neither sees of the other.
        sql.rows("SELECT pg_advisory_xact_lock(hashtextextended('payouts.compare_billing', 0))")
        found = [each for each in comparison.found if not _is_explained(each)]
        for each in found:
            differences.open_difference(
                DifferenceKind(each.kind),
                subject=each.subject,
                amount=each.amount,
                detail=each.detail,
                creator_id=each.creator_id,
                now=now,
            )
        gone = _resolve_gone(comparison, now=now)
    by_kind = selectors.open_differences(now=now).by_kind
    still_open = {kind: count for kind, count in by_kind.items() if kind in BILLING_KINDS}
    return Compared(comparison.months, comparison.mended, len(found), gone, still_open)


def _is_explained(found: Found) -> bool:
    """Say whether a person has resolved it as it is."""
    explained = Difference.objects.filter(
        kind=DifferenceKind(found.kind),
        subject=found.subject,
        amount=found.amount.amount,
        currency=found.amount.currency,
        resolved_at__isnull=False,
    )
    return explained.exclude(resolved_by=SYSTEM).exists()


def _resolve_gone(comparison: Comparison, *, now: datetime) -> int:
    still = {(each.kind.value, each.subject) for each in comparison.found}
    gone = 0
    for difference in Difference.objects.filter(resolved_at=None, kind__in=BILLING_KINDS - _NEVER_GONE):
        if (
            difference.kind,
            difference.subject,
        ) not in still and difference.subject not in comparison.unsettled:
            differences.resolve_difference(difference.pk, act=Act(SYSTEM, GONE), now=now)
            gone += 1
    return gone
