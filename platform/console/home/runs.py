"""The cards of the next run and the last one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.safestring import SafeString

from console import run_rows
from console.home.concerns import words
from database.admin import anchor, page_of
from database.display import tone_of
from money import Money
from payouts import selectors as payouts
from payouts.models import Forecast, PayoutRun
from payouts.selectors import OutcomeTotals, RunProgress, Troubled
from payouts.states import DecisionReason, PayoutStatus


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a bar: its width in percent, and the tone that colours it."""

    label: str
    percent: float
    tone: str


@dataclass(frozen=True, slots=True)
class NextInCurrency:
    """What the next run needs in one currency and what is there, with a bar of how far that goes."""

    needed: Money
    available: Money
    after: Money
    bar: Sequence[Share]
    payees: int
    not_paid: Sequence[tuple[str, int, Money]]

    @property
    def not_paid_creators(self) -> int:
        return sum(creators for _, creators, _ in self.not_paid)


@dataclass(frozen=True, slots=True)
class NextRun:
    """The next run; without forecasts, only its day is known."""

    day: date
    days: int
    currencies: Sequence[NextInCurrency]
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class LastInCurrency:
    """The payouts that the last run made in one currency, by their present status."""

    paid: Money
    made: Money
    bar: Sequence[Share]
    outcomes: Sequence[tuple[PayoutStatus, SafeString, Money]]


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run; `progress` is None once nothing of it waits to be sent."""

    run: PayoutRun
    address: str
    currencies: Sequence[LastInCurrency]
    failures: Sequence[SafeString]
    not_paid: Sequence[tuple[SafeString, Money]]
    progress: RunProgress | None


def next_run(forecasts: Sequence[Forecast], *, now: datetime) -> NextRun:
    day = payouts.due_at(payouts.next_cutoff(now=now)).date()
    return NextRun(
        day=day,
        days=(day - now.date()).days,
        currencies=[_next_in(forecast) for forecast in forecasts if forecast.needed or forecast.available],
        as_of=min((forecast.made_at for forecast in forecasts), default=None),
    )


def _next_in(forecast: Forecast) -> NextInCurrency:
    needed, available = forecast.needed, max(forecast.available, 0)
    whole = max(needed, available, 1)
    covered = min(needed, available)
    bar = [
        Share("needed and there", covered * 100 / whole, "moving"),
        Share("missing", (needed - covered) * 100 / whole, "lost"),
        Share("left after", (available - covered) * 100 / whole, "waiting"),
    ]
    by_reason = forecast.by_reason
    return NextInCurrency(
        needed=Money(needed, forecast.currency),
        available=Money(forecast.available, forecast.currency),
        after=Money(forecast.available - needed, forecast.currency),
        bar=[share for share in bar if share.percent],
        payees=by_reason.get(DecisionReason.PAID, {}).get("creators", 0),
        not_paid=[
            (DecisionReason(reason).label, told["creators"], Money(told["amount"], forecast.currency))
            for reason, told in sorted(by_reason.items(), key=lambda each: -each[1]["creators"])
            if reason != DecisionReason.PAID
        ],
    )


def last_run(run: PayoutRun, troubled: Sequence[Troubled], *, now: datetime) -> LastRun:
    """Tell what became of a run; `troubled` are the payouts that failed and were not retried, among others."""
    outcomes = payouts.outcomes_by_status(run)
    currencies = sorted({total.amount.currency for total in outcomes})
    return LastRun(
        run=run,
        address=page_of(run),
        currencies=[
            _last_in(run, [total for total in outcomes if total.amount.currency == currency])
            for currency in currencies
        ],
        failures=[
            anchor(run_rows.in_trouble(run, row), f"{row.count:,} {words(row.failure_code)}")
            for row in troubled
            if row.status is PayoutStatus.FAILED
        ],
        not_paid=[
            (
                anchor(run_rows.decided(run, total), f"{total.count:,} {total.reason.label}"),
                total.amount,
            )
            for total in payouts.decisions_by_reason(run)
            if total.reason is not DecisionReason.PAID
        ],
        progress=payouts.run_progress(run, now=now),
    )


def _last_in(run: PayoutRun, outcomes: Sequence[OutcomeTotals]) -> LastInCurrency:
    zero = Money(0, outcomes[0].amount.currency)
    made = sum((total.amount for total in outcomes), zero)
    return LastInCurrency(
        paid=sum((total.amount for total in outcomes if total.status is PayoutStatus.PAID), zero),
        made=made,
        bar=[
            Share(
                total.status.label,
                total.amount.amount * 100 / made.amount,
                _tone(total.status),
            )
            for total in outcomes
        ],
        outcomes=[
            (
                total.status,
                anchor(run_rows.with_outcome(run, total), f"{total.count:,}"),
                total.amount,
            )
            for total in outcomes
        ],
    )


def _tone(status: PayoutStatus) -> str:
    tone = tone_of(status)
    return tone.name.lower() if tone else "waiting"
