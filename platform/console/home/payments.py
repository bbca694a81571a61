"""What needs people about sending, runs and payouts, most urgent first."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html

from accounts import selectors as accounts
from accounts.models import OpeningRefusal, RefusalCause
from console.home.concerns import Concern, linked, listed, words
from database.admin import anchor, list_of, page_of
from database.display import count_of
from money import Money
from payouts import selectors as payouts
from payouts.models import (
    Difference,
    DifferenceKind,
    Forecast,
    PauseCause,
    Payout,
    PayoutRun,
    UnplacedTransfer,
)
from payouts.selectors import Blocked, Troubled
from payouts.states import PayoutStatus

# Beat makes a forecast each night; one that is older says that it didn't.
FORECAST_LATE = timedelta(hours=26)
# The sweep runs each minute, and a run's hour comes at a quarter past.
DUE_LATE, RUN_LATE = timedelta(minutes=15), timedelta(hours=1)
SUSPENSE_SHOWN = 5
_WORKER = "Is the payouts worker up, and does Stripe answer?"


def pauses() -> Iterator[Concern]:
    for pause in payouts.open_pauses():
        what = f"Sending of {pause.currency} is paused" if pause.currency else "Sending is paused"
        if pause.cause == PauseCause.RUN_SIZE and pause.run:
            what = f"The {pause.run} waits in {pause.currency}"
        short = f" Short by {Money(pause.missing, pause.currency)}." if pause.missing else ""
        yield Concern(
            "lost",
            linked(page_of(pause), what, f": {pause.detail.rstrip('.')}.{short}"),
            pause.started_at,
            subject=pause,
        )


def gate(now: datetime) -> Iterator[Concern]:
    if since := payouts.gate_shut_since(now=now):
        yield Concern(
            "lost",
            format_html("Payouts wait because Stripe's transfers can't be checked. {}", _WORKER),
            since,
        )


def lateness(now: datetime) -> Iterator[Concern]:
    late = payouts.oldest_due(now=now)
    if late > DUE_LATE:
        yield Concern(
            "lost", format_html("A payout is due and nobody attends to it. {}", _WORKER), now - late
        )
    cutoff = payouts.unmade_cutoff(now=now)
    if cutoff and payouts.due_at(cutoff) < now - RUN_LATE:
        yield Concern(
            "lost",
            format_html("The run up to {} is due and not made.", f"{cutoff:%-d %B}"),
            payouts.due_at(cutoff),
        )


def next_runs_money(forecasts: Sequence[Forecast], *, now: datetime) -> Iterator[Concern]:
    for forecast in forecasts:
        if not forecast.missing:
            continue
        due = payouts.due_at(forecast.cutoff)
        missing, needed = (Money(amount, forecast.currency) for amount in (forecast.missing, forecast.needed))
        near = due - now <= timedelta(days=settings.FORECAST_ALERT_DAYS)
        yield Concern(
            "lost" if near else "attention",
            linked(
                page_of(forecast),
                f"The next run lacks {missing}",
                f" of {needed}. Add it to the balance at Stripe by {due:%-d %B}.",
            ),
        )
    if forecasts and (made := min(each.made_at for each in forecasts)) < now - FORECAST_LATE:
        yield Concern(
            "attention", linked(list_of(Forecast), "The forecast is old", ": it is made each night."), made
        )


def troubled(run: PayoutRun | None, rows: Sequence[Troubled]) -> Iterator[Concern]:
    for status in (
        PayoutStatus.RETURNED,
        PayoutStatus.UNRESOLVED,
        PayoutStatus.FAILED,
        PayoutStatus.ON_HOLD,
    ):
        currencies = sorted({row.amount.currency for row in rows if row.status == status})
        for currency in currencies:
            those = [row for row in rows if row.status == status and row.amount.currency == currency]
            yield _trouble(status, currency, those, run)


def _trouble(status: PayoutStatus, currency: str, rows: Sequence[Troubled], run: PayoutRun | None) -> Concern:
    count, amount = sum(row.count for row in rows), sum((row.amount for row in rows), Money(0, currency))
    filters: dict[str, object] = {"status__exact": status.value, "currency": currency}
    if status is PayoutStatus.FAILED and run:
        filters |= {"run": run.pk, "standing": "current"}
    address = list_of(Payout, **filters)
    said = {
        PayoutStatus.RETURNED: "came back from the bank",
        PayoutStatus.UNRESOLVED: "unresolved: did Stripe send them?",
        PayoutStatus.FAILED: "of the last run failed",
        PayoutStatus.ON_HOLD: "on hold",
    }[status]
    reasons = listed(
        anchor(f"{address}&failure={row.failure_code}", f"{row.count:,} {words(row.failure_code)}")
        for row in rows
        if row.failure_code
    )
    by_itself = sum(row.retried_later for row in rows)
    return Concern(
        "waiting" if status is PayoutStatus.ON_HOLD else "attention",
        linked(
            address,
            f"{count_of(count, 'payout')} {said}",
            f", {amount}",
            format_html(": {}", reasons) if reasons else "",
            f" ({by_itself:,} retried automatically)" if by_itself else "",
        ),
        min(row.since for row in rows),
        address,
        count,
        amount,
    )


def stuck(now: datetime) -> Iterator[Concern]:
    if count := payouts.stuck_payouts(now=now):
        address = list_of(Payout, standing="stuck")
        yield Concern(
            "attention",
            linked(
                address,
                f"{count_of(count, 'payout')} didn't move",
                f" for {settings.STUCK_PAYOUT_DAYS} days or more.",
            ),
            address=address,
            count=count,
        )
    if failing := payouts.failing_payouts():
        address = list_of(Payout, errors__gt=0)
        yield Concern(
            "attention",
            linked(
                address, f"{count_of(failing, 'payout')} can't be processed", " because of an error here."
            ),
            address=address,
            count=failing,
        )


def suspense() -> Iterator[Concern]:
    waiting = list(payouts.in_suspense()[: SUSPENSE_SHOWN + 1])
    for payout in waiting[:SUSPENSE_SHOWN]:
        yield Concern(
            "attention",
            linked(
                page_of(payout), f"{payout.in_suspense} in suspense", f", of a payout to {payout.creator}."
            ),
        )
    if len(waiting) > SUSPENSE_SHOWN:
        reversals = list_of(
            Difference, kind__exact=DifferenceKind.UNEXPLAINED_REVERSAL, resolved_at__isempty=1
        )
        yield Concern("attention", linked(reversals, "More payouts", " have money in suspense."))
    if count := UnplacedTransfer.objects.count():
        address = list_of(UnplacedTransfer)
        yield Concern(
            "attention",
            linked(address, f"{count_of(count, 'transfer')} without a payout", ", left by recovery."),
            address=address,
            count=count,
        )


def blocked(totals: Sequence[Blocked]) -> Iterator[Concern]:
    for cause, what in (("restricted", "restricted by Stripe"), ("on_hold", "on hold")):
        those = [total for total in totals if total.cause == cause]
        if not those:
            continue
        amounts = listed(str(total.amount) for total in those if total.amount)
        creators = sum(total.creators for total in those)
        since = min((total.since for total in those if total.since), default=None)
        yield Concern(
            "waiting",
            linked(
                reverse("admin:held"),
                f"{count_of(creators, 'creator')} {what}",
                format_html(", {} waiting", amounts) if amounts else ".",
            ),
            since,
        )


def onboarding() -> Iterator[Concern]:
    for refused in accounts.opening_refusals().filter(cause=RefusalCause.PLATFORM)[:1]:
        yield Concern(
            "lost",
            linked(page_of(refused), "Stripe opens no accounts for the platform", f": {refused.sentence}"),
            refused.refused_at,
        )
    by_cause = accounts.refusals_by_cause()
    others = sum(count for cause, count in by_cause.items() if cause != RefusalCause.PLATFORM)
    if others:
        address = list_of(OpeningRefusal, mended_at__isempty=1)
        yield Concern(
            "waiting",
            linked(
                address, f"{count_of(others, 'account')} refused by Stripe", ", each for its creator's data."
            ),
        )
