"""The home page: what staff need at a glance."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts import selectors as accounts
from accounts.models import Creator, Hold
from database import sql
from database.admin import Figure, Panel, anchor, link_to, list_of, page_of
from earnings import selectors as earnings
from earnings.models import Api, ApiChange, BillingBatch, QuarantinedRecord
from ledger import selectors as ledger
from ledger.models import AccountKind, LedgerAccount
from money import Money
from payouts import selectors as payouts
from payouts.models import Difference, PauseCause, Payout, PayoutRun, RunDecision
from payouts.states import DecisionReason
from revenue import selectors as revenue
from revenue.models import PlatformRevenue
from stripe_io import selectors as inbox
from stripe_io.models import InboxEvent, KeptBody

ROWS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class RevenueMonth:
    """One row of `platform_revenue`; `share` compares its gross with the best month shown, in percent."""

    month: date
    gross: Money
    fees: Money
    payouts: Money
    share: int


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the page's context what `admin/index.html` shows."""
    now = sql.now()
    run = payouts.last_run()
    return {
        **context,
        "title": "Overview",
        "headlines": list(_headlines(run, now=now)),
        "panels": [_payouts(now=now), _last_run(run), _debts(), _quarantine()],
        "revenue": list(revenue_by_month()),
        "revenue_list": list_of(PlatformRevenue),
    }


def _headlines(run: PayoutRun | None, *, now: datetime) -> Iterator[Figure]:
    for owed in ledger.owed():
        yield Figure("Owed to creators", owed.to_creators, f"{owed.by_creators} owed back by creators")
        yield Figure("In payouts", owed.reserved, "not sent to Stripe yet")
    for pause in payouts.open_pauses():
        yield Figure("Sending paused", link_to(pause, PauseCause(pause.cause).label), pause.detail)
    if refused := accounts.opening_refusals().first():
        yield Figure("Onboarding refused by Stripe", link_to(refused, refused.cause_label), refused.sentence)
    for forecast in payouts.latest_forecasts():
        missing = Money(forecast.missing, forecast.currency)
        yield Figure(
            "Next run needs",
            Money(forecast.needed, forecast.currency),
            link_to(
                forecast, f"{missing} missing at Stripe" if forecast.missing else "the balance covers it"
            ),
        )
    if run:
        month = f"{run.last_day:%b} {run.last_day.year:04}"
        yield Figure("Last run", link_to(run, month), f"made {run.created_at:%-d %b, %H:%M}")
    if lag := earnings.unposted().lag:
        unposted = anchor(
            list_of(BillingBatch, posted_at__isempty=1, set_aside_at__isempty=1), "waiting to be posted"
        )
        yield Figure("Earnings lag", _spoken(lag), unposted)
    else:
        yield Figure("Earnings lag", "None", "all records are posted")
    yield _waiting(
        "Batches set aside",
        earnings.batches_set_aside().count(),
        anchor(list_of(BillingBatch, set_aside_at__isempty=0), "can't be posted"),
    )
    yield _waiting(
        "Creators on hold",
        accounts.creators_on_hold(),
        anchor(list_of(Hold, lifted_at__isempty=1), "open holds"),
    )
    concerns = earnings.catalog_concerns(now=now)
    yield _waiting(
        "Owners changed",
        concerns.owner_changes,
        anchor(list_of(ApiChange, had_sales__exact=1), "of APIs with sales, last 30 days"),
    )
    if concerns.unassigned:
        yield Figure(
            "APIs without a source",
            concerns.unassigned,
            anchor(list_of(Api, source__isnull=1), "to be assigned"),
        )
    yield _waiting(
        "Payouts that don't move",
        payouts.stuck_payouts(now=now),
        anchor(list_of(Payout), f"for {settings.STUCK_PAYOUT_DAYS} days or more, not on hold"),
    )
    yield _waiting(
        "Differences",
        payouts.open_differences(now=now).count,
        anchor(list_of(Difference, resolved_at__isempty=1), "open"),
    )
    yield _waiting(
        "Stripe events waiting",
        inbox.unhandled_events(now=now).count,
        anchor(list_of(InboxEvent, handled_at__isempty=1), "not handled yet"),
    )
    if aside := sum(inbox.bodies_set_aside().values()):
        yield Figure(
            "Webhook bodies set aside",
            aside,
            anchor(list_of(KeptBody, event__isempty=1), "signed by Stripe, not usable as events"),
        )


def _waiting(title: str, count: int, which: SafeString) -> Figure:
    """Count what staff may have to act on; link to the list unless it is empty."""
    return Figure(title, count, which if count else "nothing to do")


def _payouts(*, now: datetime) -> Panel:
    return Panel(
        "Payouts by status",
        ["Status", "This month", "Net this month", "All time", "Net all time"],
        [
            (
                anchor(list_of(Payout, status__exact=total.status), total.status),
                total.count_this_month,
                total.net_this_month,
                total.count,
                total.net,
            )
            for total in payouts.totals_by_status(now=now)
        ],
        empty="No payouts yet. The first run makes them.",
        more=list_of(Payout),
    )


def _last_run(run: PayoutRun | None) -> Panel:
    if run is None:
        return Panel("Last run", [], [], empty="No run yet. The first is made after the month ends.")
    return Panel(
        f"Last run: {run.last_day:%B} {run.last_day.year:04}",
        ["Outcome", "Creators", "Amount"],
        [
            *(
                (
                    anchor(list_of(Payout, run=run.pk, status__exact=made.status), made.status),
                    made.count,
                    made.amount,
                )
                for made in payouts.outcomes_by_status(run)
            ),
            *(
                (
                    anchor(list_of(RunDecision, run=run.pk, reason__exact=total.reason), total.reason),
                    total.count,
                    total.amount,
                )
                for total in payouts.decisions_by_reason(run)
                if total.reason is not DecisionReason.PAID
            ),
        ],
        empty="No creator had anything to pay out.",
        more=page_of(run),
    )


def _debts() -> Panel:
    return Panel(
        "Oldest negative balances",
        ["Creator", "Owes", "Since", "Last earned"],
        [
            (
                anchor(page_of(Creator(pk=balance.creator_id)), balance.external_id),
                balance.owed,
                balance.since,
                balance.last_earned,
            )
            for balance in earnings.negative_balances(limit=ROWS_SHOWN)
        ],
        empty="No creator owes the platform anything.",
        more=list_of(LedgerAccount, kind__exact=AccountKind.CREATOR_PAYABLE, balance__lt=0),
    )


def _quarantine() -> Panel:
    return Panel(
        "Quarantine",
        ["Reason", "Records"],
        [
            (
                anchor(list_of(QuarantinedRecord, resolved_at__isempty=1, reason__exact=reason), reason),
                count,
            )
            for reason, count in earnings.open_quarantine_by_reason()
        ],
        empty="No records in quarantine.",
        more=list_of(QuarantinedRecord),
    )


def revenue_by_month() -> Iterator[RevenueMonth]:
    """Compare the last months of the platform's revenue, newest first, per currency."""
    rows = revenue.latest_rows(ROWS_SHOWN)
    best = _best_gross(rows)
    for row in rows:
        yield RevenueMonth(
            month=row.month,
            gross=Money(row.total_gross_revenue, row.currency),
            fees=Money(row.total_platform_fees, row.currency),
            payouts=Money(row.total_creator_payouts, row.currency),
            share=max(0, row.total_gross_revenue * 100 // best[row.currency]),
        )


def _best_gross(rows: Iterable[PlatformRevenue]) -> dict[str, int]:
    best: dict[str, int] = {}
    for row in rows:
        best[row.currency] = max(best.get(row.currency, 1), row.total_gross_revenue)
    return best


def _spoken(span: timedelta) -> str:
    """Write a duration in its largest unit."""
    seconds = int(span.total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
