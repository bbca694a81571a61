"""A pass: stage what Stripe has, compare, look again at what differs, write it down, mend it, resolve what is gone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from database import sql
from database.staff import SYSTEM, Act
from payouts import selectors
from payouts.errors import ReconciliationUnderWay
from payouts.models import BILLING_KINDS, Payout, PayoutAttempt, ReconciliationPass
from payouts.services import differences
from payouts.services.reconciliation import comparing, mending, staging

# Banks send payouts back days after they took them, and what Stripe didn't tell of is asked for again.
OVERLAP = timedelta(days=7)
# What moved within this long may still be on its way here, or there.
SETTLING = timedelta(minutes=15)
_LOCK = "hashtextextended('payouts.reconcile', 0)"
MENDED = "Mended: what Stripe says is recorded."
GONE = "Gone: this pass looked again, and both sides agree."


@dataclass(frozen=True, slots=True)
class PassResult:
    """What a pass came to; `open` counts all differences with Stripe that are open after it, by kind."""

    made: ReconciliationPass
    open: Mapping[str, int]


def reconcile(*, now: datetime, since: datetime | None = None) -> PassResult:
    """Compare all that moved since then (None: since the last pass, with an overlap) with what is written here.

    Must be called outside a transaction. One pass at a time: the task is delivered again while a long one lasts.

    Raises: ReconciliationUnderWay, and StripeCallFailed if Stripe's lists can't be read.
    """
    with _alone():
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
    staged = staging.stage(since=made.since, settled=now - SETTLING)
    suspects = {(each.subject, each.account) for each in comparing.compare() if _at_stripe(each.subject)}
    unread = staging.look_again(sorted(suspects))
    found = comparing.compare()
    for each in found:
        differences.open_difference(
            each.kind,
            subject=each.subject,
            amount=each.amount,
            detail=each.detail,
            payout=Payout.objects.get(pk=each.payout_id) if each.payout_id else None,
            creator_id=each.creator_id,
            account=each.account,
            now=now,
        )
    tried = [each for each in found if mending.mend(each, now=now)]
    staging.look_again(sorted({(each.subject, each.account) for each in tried}))
    mended = {(each.kind, each.subject) for each in tried}
    resolved = comparing.gone()
    for gone in resolved:
        reason = MENDED if (gone.kind, gone.subject) in mended else GONE
        differences.resolve_difference(gone.id, act=Act(SYSTEM, reason), now=now)
    made.transfers, made.transactions, made.bank_payouts = (
        staged.transfers,
        staged.transactions,
        staged.bank_payouts,
    )
    made.unread = staged.unread + unread
    made.found = len(found)
    made.mended = sum((gone.kind, gone.subject) in mended for gone in resolved)
    made.gone = len(resolved) - made.mended
    made.totals = comparing.totals()
    made.finished_at = sql.now()
    made.save()


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock that a session of the database has until it ends, however it ends."""
    (row,) = sql.rows(f"SELECT pg_try_advisory_lock({_LOCK}) AS taken")
    if not row["taken"]:
        raise ReconciliationUnderWay
    try:
        yield
    finally:
        sql.rows(f"SELECT pg_advisory_unlock({_LOCK})")


def _next_since(now: datetime) -> datetime:
    """Begin before the last pass did; the first one, with the first that was sent."""
    last = ReconciliationPass.objects.exclude(finished_at=None).order_by("-started_at").first()
    if last is not None:
        return last.started_at - OVERLAP
    first: datetime | None = PayoutAttempt.objects.aggregate(first=Min("first_sent_at"))["first"]
    return (first or now) - OVERLAP


def _at_stripe(subject: str) -> bool:
    return subject.startswith(("tr_", "po_"))
