"""What operators watch, for Prometheus.

The figures are read from the database at each scrape, so every process tells the same, however many there are.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily

from accounts import selectors as accounts
from database import sql
from earnings import selectors as earnings
from earnings.models import Reason
from ledger import selectors as ledger
from payouts import selectors as payouts
from payouts.models import DifferenceKind, PauseCause
from payouts.states import PayoutStatus
from revenue import selectors
from stripe_io import selectors as inbox


class BusinessCollector:
    """Gauges over the tables; amounts are minor units, months UTC."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = sql.now()
        yield _by_label(
            "payouts_stripe_accounts",
            "Creators' live Stripe accounts.",
            "status",
            accounts.accounts_by_status(),
        )
        yield GaugeMetricFamily(
            "payouts_oldest_stripe_account_seconds",
            "For how long Stripe has told nothing of the live account that was heard of longest ago.",
            value=accounts.oldest_refresh_age(now=now).total_seconds(),
        )
        month = selectors.history(months=1, now=now)
        yield _by_label(
            "payouts_month_volume_minor_units",
            "Payouts that became paid this month, less those that came back in it.",
            "currency",
            {row.currency: row.total_creator_payouts for row in month},
        )
        yield _by_label(
            "payouts_month_revenue_minor_units",
            "The platform's commission on this month's sales.",
            "currency",
            {row.currency: row.total_platform_fees for row in month},
        )
        outcomes = payouts.recent_outcomes(now=now)
        yield GaugeMetricFamily(
            "payouts_failed_ratio",
            "Failed payouts among those that finished in the last 30 days; 0 if none did.",
            value=outcomes.failed / outcomes.finished if outcomes.finished else 0,
        )
        unposted = earnings.unposted()
        yield GaugeMetricFamily(
            "payouts_earnings_lag_seconds",
            "Age of the oldest accepted billing record that waits to be posted; 0 if none does.",
            value=unposted.lag.total_seconds(),
        )
        yield _by_label(
            "payouts_owed_by_creators_minor_units",
            "What creators owe the platform, whose refunds came to more than they have earned since.",
            "currency",
            {owed.by_creators.currency: owed.by_creators.amount for owed in ledger.owed()},
        )
        oldest = next(iter(earnings.negative_balances(most=1)), None)
        yield GaugeMetricFamily(
            "payouts_oldest_negative_balance_seconds",
            "For how long the creator has owed who has owed for longest; 0 if none does.",
            value=(now - oldest.since).total_seconds() if oldest else 0,
        )
        yield GaugeMetricFamily(
            "payouts_unposted_batches", "Billing batches that wait to be posted.", value=unposted.batches
        )
        yield GaugeMetricFamily(
            "payouts_batches_set_aside",
            "Billing batches that can't be posted and wait for someone.",
            value=earnings.batches_set_aside().count(),
        )
        yield _by_label(
            "payouts_quarantined_records",
            "Billing records that can't be used and wait for someone.",
            "reason",
            dict.fromkeys(Reason, 0) | dict(earnings.open_quarantine_by_reason()),
        )
        concerns = earnings.catalog_concerns(now=now)
        yield GaugeMetricFamily(
            "payouts_recent_owner_changes",
            "Changes of owner of APIs with sales, in the last 30 days.",
            value=concerns.owner_changes,
        )
        yield GaugeMetricFamily(
            "payouts_unassigned_apis",
            "APIs that belong to no source, so that no service can change them.",
            value=concerns.unassigned,
        )
        counts = Counter(dict.fromkeys(PayoutStatus, 0))
        for total in payouts.totals_by_status(now=now):
            counts[total.status] += total.count
        yield _by_label("payouts_payouts", "All payouts ever made, by their state now.", "status", counts)
        yield GaugeMetricFamily(
            "payouts_oldest_due_seconds",
            "For how long the payout has been due that has been due longest; 0 if none is.",
            value=payouts.oldest_due(now=now).total_seconds(),
        )
        differing = payouts.open_differences(now=now)
        yield _by_label(
            "payouts_open_differences",
            "Differences between the books and Stripe, or the marketplace's tables, that nobody has resolved.",
            "kind",
            dict.fromkeys(DifferenceKind, 0) | dict(differing.by_kind),
        )
        yield GaugeMetricFamily(
            "payouts_oldest_difference_seconds",
            "Age of the oldest of them; 0 if there is none.",
            value=differing.oldest.total_seconds(),
        )
        forecasts = payouts.latest_forecasts()
        yield _by_label(
            "payouts_forecast_needed_minor_units",
            "What waits to be sent and what the next run would pay by last night, for which Stripe's balance must do.",
            "currency",
            {forecast.currency: forecast.needed for forecast in forecasts},
        )
        yield _by_label(
            "payouts_forecast_missing_minor_units",
            "How much of that Stripe's available balance did not cover.",
            "currency",
            {forecast.currency: forecast.missing for forecast in forecasts},
        )
        pauses = payouts.open_pauses()
        yield _by_label(
            "payouts_sending_paused",
            "1 if this cause stops payouts from being sent.",
            "cause",
            dict.fromkeys(PauseCause, 0) | {pause.cause: 1 for pause in pauses},
        )
        yield _by_label(
            "payouts_missing_minor_units",
            "What must be added to the balance at Stripe until all that waits can be paid.",
            "currency",
            {pause.currency: pause.missing for pause in pauses if pause.missing is not None},
        )
        events = inbox.unhandled_events(now=now)
        yield GaugeMetricFamily(
            "payouts_unhandled_events", "Stripe's events that wait for their handler.", value=events.count
        )
        yield GaugeMetricFamily(
            "payouts_oldest_unhandled_event_seconds",
            "Age of the oldest of them; 0 if there is none.",
            value=events.oldest.total_seconds(),
        )
        yield _by_label(
            "payouts_webhook_bodies_set_aside",
            "Bodies that Stripe signed and that are no event to store and act on here.",
            "reason",
            inbox.bodies_set_aside(),
        )


def _by_label(name: str, said: str, label: str, values: Mapping[Any, int]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, said, labels=[label])
    for key, value in values.items():
        gauge.add_metric([str(key)], value)
    return gauge
