"""The home page: what needs staff, the next run and the last one, the figures, and a year in charts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from console.acting.buttons import buttons_above
from console.home import charts, figures, payments, records, runs
from console.home.concerns import Concern
from database import sql
from payouts import selectors as payouts
from payouts.models import Forecast, PayoutRun, SendingPause
from payouts.selectors import Blocked, Troubled
from revenue import selectors as revenue
from revenue.models import PlatformRevenue

# What is looked at, as the page says it when nothing is found.
CHECKED = (
    "pauses of sending",
    "the books",
    "the next run's money",
    "payouts that came back, failed, are unresolved or don't move",
    "suspense",
    "proposals",
    "differences",
    "creators on hold or restricted",
    "quarantine",
    "batches",
    "Stripe's events",
    "API owners",
)


@dataclass(frozen=True, slots=True)
class Read:
    """What several parts of the page show, read once."""

    run: PayoutRun | None
    troubled: Sequence[Troubled]
    blocked: Sequence[Blocked]
    forecasts: Sequence[Forecast]
    months: Sequence[PlatformRevenue]


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the page's context what `admin/index.html` shows."""
    now = sql.now()
    run = payouts.last_run()
    read = Read(
        run=run,
        troubled=payouts.troubled_payouts(run),
        blocked=payouts.blocked_totals(),
        forecasts=payouts.latest_forecasts(),
        months=revenue.history(months=charts.MONTHS, now=now),
    )
    return {
        **context,
        "title": "Home",
        "now": now,
        "brakes": buttons_above(request, SendingPause, back=reverse("admin:index")),
        # What is only told comes last.
        "concerns": sorted(concerns(read, now=now), key=lambda concern: concern.tone == "waiting"),
        "checked": CHECKED,
        "next": runs.next_run(read.forecasts, now=now),
        "last": runs.last_run(run, read.troubled, now=now) if run else None,
        "figures": figures.figures(read.blocked, read.months),
        "charts": charts.charts(read.months),
    }


def concerns(read: Read, *, now: datetime) -> Iterator[Concern]:
    """Tell what needs people, most urgent first: what stops all payments, then what stops some, then the rest."""
    yield from payments.pauses()
    yield from payments.gate(now)
    yield from payments.lateness(now)
    yield from records.books(now)
    yield from payments.onboarding()
    yield from payments.next_runs_money(read.forecasts, now=now)
    yield from payments.troubled(read.run, read.troubled)
    yield from payments.stuck(now)
    yield from payments.suspense()
    yield from records.proposals()
    yield from records.differences()
    yield from records.batches()
    yield from records.quarantine()
    yield from records.reconciliation(now)
    yield from records.events(now)
    yield from payments.blocked(read.blocked)
    yield from records.catalogue(now)
