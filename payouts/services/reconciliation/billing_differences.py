"""Differences between our records and the marketplace's tables: found each night, and resolved once they are gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from database import sql
from database.staff import SYSTEM, Act
from earnings.services.tables_comparison import Comparison, Finding, compare_shared_tables
from payouts import selectors
from payouts.models import BILLING_KINDS, Difference, DifferenceKind
from payouts.services import differences

GONE = "Gone: both sides agreed when the tables were compared again."
# A moved subscription stays moved: only a person can resolve it.
_STAFF_ONLY = frozenset([DifferenceKind.SUBSCRIPTION_MOVED])


@dataclass(frozen=True, slots=True)
class Compared:
    """The result of a comparison; `open` counts the billing differences that are open after it, by kind."""

    months: int
    mended: int
    found: int
    gone: int
    open: Mapping[str, int]


def compare_billing_tables(database: Mapping[str, Any], *, now: datetime) -> Compared:
    """Compare what is paid in the marketplace's tables with our records, and open differences.

    Raises: BillingDatabaseRefused.
    """
    comparison = compare_shared_tables(database, now=now)
    with transaction.atomic():
        # Two comparisons at once could both open the same difference.
        sql.rows("SELECT pg_advisory_xact_lock(hashtextextended('payouts.compare_billing', 0))")
        unexplained = [found for found in comparison.found if not _is_explained(found)]
        for found in unexplained:
            differences.open_difference(
                DifferenceKind(found.kind),
                subject=found.subject,
                amount=found.amount,
                detail=found.detail,
                creator_id=found.creator_id,
                now=now,
            )
        gone = _resolve_gone(comparison, now=now)
    by_kind = selectors.open_differences(now=now).by_kind
    still_open = {kind: count for kind, count in by_kind.items() if kind in BILLING_KINDS}
    return Compared(comparison.months, comparison.mended, len(unexplained), gone, still_open)


def _is_explained(found: Finding) -> bool:
    """Return whether a person has resolved this difference, with this amount."""
    explained = Difference.objects.filter(
        kind=DifferenceKind(found.kind),
        subject=found.subject,
        amount=found.amount.amount,
        currency=found.amount.currency,
        resolved_at__isnull=False,
    )
    return explained.exclude(resolved_by=SYSTEM).exists()


def _resolve_gone(comparison: Comparison, *, now: datetime) -> int:
    still = {(found.kind.value, found.subject) for found in comparison.found}
    gone = 0
    for difference in Difference.objects.filter(resolved_at=None, kind__in=BILLING_KINDS - _STAFF_ONLY):
        if (
            difference.kind,
            difference.subject,
        ) not in still and difference.subject not in comparison.unsettled:
            differences.resolve_difference(difference.pk, act=Act(SYSTEM, GONE), now=now)
            gone += 1
    return gone
