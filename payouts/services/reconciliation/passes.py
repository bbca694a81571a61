"""A pass: stage what Stripe has, compare, read what differs again, open differences, fix them, resolve what is gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from database import locks, sql
from database.staff import SYSTEM, Act
from payouts import selectors
from payouts.errors import ReconciliationUnderWay
from payouts.models import BILLING_KINDS, Payout, PayoutAttempt, ReconciliationPass
from payouts.services import differences
from payouts.services.reconciliation import comparing, mending, staging

# What moved this recently may not have reached both sides yet.
SETTLING = timedelta(minutes=15)
MENDED = "Fixed: what Stripe has is now recorded."
GONE = "Gone: both sides agreed when this pass compared them again."


@dataclass(frozen=True, slots=True)
class PassResult:
    """The result of a pass; `open` counts the differences with Stripe that are open after it, by kind."""

    made: ReconciliationPass
    open: Mapping[str, int]


def reconcile(*, now: datetime, since: datetime | None = None) -> PassResult:
    """Compare all that moved since then (None: since the last pass, with an overlap) with our records.

    Must be called outside a transaction. One pass runs at a time: Celery redelivers the task while a long one runs.

    Raises: ReconciliationUnderWay, and StripeCallFailed if Stripe's lists can't be read.
    """
    with locks.taken("payouts.reconcile") as alone:
        if not alone:
            raise ReconciliationUnderWay
        made = ReconciliationPass.objects.create(since=since or _next_since(now), started_at=now)
        try:
            _fill(made, now=now)
        except Exception as failure:
            made.error = f"{type(failure).__name__}: {failure}"
            made.save(update_fields=["error"])
            raise
    by_kind = selectors.open_differences(now=now).by_kind
    return PassResult(
        made, open={kind: count for kind, count in by_kind.items() if kind not in BILLING_KINDS}
    )


def _fill(made: ReconciliationPass, *, now: datetime) -> None:
    staged = staging.stage(since=made.since, settled=now - SETTLING, now=now)
    suspects = {(found.subject, found.account) for found in comparing.compare() if _at_stripe(found.subject)}
    unread = staging.look_again(sorted(suspects))
    all_found = comparing.compare()
    for found in all_found:
        differences.open_difference(
            found.kind,
            subject=found.subject,
            amount=found.amount,
            detail=found.detail,
            payout=Payout.objects.get(pk=found.payout_id) if found.payout_id else None,
            creator_id=found.creator_id,
            account=found.account,
            now=now,
        )
    tried = [found for found in all_found if mending.mend(found, now=now)]
    staging.look_again(sorted({(found.subject, found.account) for found in tried}))
    mended = {(found.kind, found.subject) for found in tried}
    staging.keep_traces()
    resolved = comparing.gone()
    for gone in resolved:
        reason = MENDED if (gone.kind, gone.subject) in mended else GONE
        differences.resolve_difference(gone.id, act=Act(SYSTEM, reason), now=now)
    made.transfers, made.transactions, made.bank_payouts = (
        staged.transfers,
        staged.transactions,
        staged.bank_payouts,
    )
    made.accounts, made.accounts_left = staged.accounts, staged.accounts_left
    made.unread = staged.unread + unread
    made.error = staging.unreadable()
    made.found = len(all_found)
    made.mended = sum((gone.kind, gone.subject) in mended for gone in resolved)
    made.gone = len(resolved) - made.mended
    made.totals = comparing.totals()
    staging.remember_listings(now=now)
    made.finished_at = sql.now()
    made.save()


def _next_since(now: datetime) -> datetime:
    """Start an overlap before the last pass; the first pass starts before the first send."""
    last = ReconciliationPass.objects.exclude(finished_at=None).order_by("-started_at").first()
    if last is not None:
        return last.started_at - staging.OVERLAP
    first: datetime | None = PayoutAttempt.objects.aggregate(first=Min("first_sent_at"))["first"]
    return (first or now) - staging.OVERLAP


def _at_stripe(subject: str) -> bool:
    return subject.startswith(("tr_", "po_"))
