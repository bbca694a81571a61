"""What operators watch, for Prometheus.

The figures are read from the database at each scrape, so all processes report the same.
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
    """Gauges read from the tables; amounts are in minor units, months in UTC."""

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
            "Seconds since the stalest live Stripe account was last refreshed.",
            value=accounts.oldest_refresh_age(now=now).total_seconds(),
        )
        yield _by_label(
            "payouts_account_openings_refused",
            "Refusals by Stripe to open accounts that nobody has mended yet; `platform` stops everybody's onboarding.",
            "cause",
            accounts.refusals_by_cause(),
        )
        month = selectors.history(months=1, now=now)
        yield _by_label(
            "payouts_month_volume_minor_units",
            "Payouts paid this month, less payouts returned or reversed this month.",
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
            "Share of failed payouts among those finished in the last 30 days; 0 if none finished.",
            value=outcomes.failed / outcomes.finished if outcomes.finished else 0,
        )
        yield GaugeMetricFamily(
            "payouts_books_unchecked_seconds",
            "Seconds since the books were last found to hold; 0 before the first check.",
            value=payouts.books_unchecked_for(now=now).total_seconds(),
        )
        unposted = earnings.unposted()
        yield GaugeMetricFamily(
            "payouts_earnings_lag_seconds",
            "Age of the oldest billing record waiting to be posted, in seconds; 0 if none.",
            value=unposted.lag.total_seconds(),
        )
        yield _by_label(
            "payouts_owed_by_creators_minor_units",
            "Total owed by creators whose refunds exceed their earnings.",
            "currency",
            {owed.by_creators.currency: owed.by_creators.amount for owed in ledger.owed()},
        )
        oldest = next(iter(earnings.negative_balances(limit=1)), None)
        yield GaugeMetricFamily(
            "payouts_oldest_negative_balance_seconds",
            "Age of the oldest negative balance, in seconds; 0 if no creator owes anything.",
            value=(now - oldest.since).total_seconds() if oldest else 0,
        )
        yield GaugeMetricFamily(
            "payouts_unposted_batches", "Billing batches waiting to be posted.", value=unposted.batches
        )
        yield GaugeMetricFamily(
            "payouts_batches_set_aside",
            "Billing batches set aside because they can't be posted.",
            value=earnings.batches_set_aside().count(),
        )
        yield _by_label(
            "payouts_quarantined_records",
            "Billing records in quarantine.",
            "reason",
            dict.fromkeys(Reason, 0) | dict(earnings.open_quarantine_by_reason()),
        )
        concerns = earnings.catalog_concerns(now=now)
        yield GaugeMetricFamily(
            "payouts_recent_owner_changes",
            "Ownership changes of APIs with sales in the last 30 days.",
            value=concerns.owner_changes,
        )
        yield GaugeMetricFamily(
            "payouts_unassigned_apis",
            "APIs without a source, which no service can change.",
            value=concerns.unassigned,
        )
        counts = Counter(dict.fromkeys(PayoutStatus, 0))
        for total in payouts.totals_by_status(now=now):
            counts[total.status] += total.count
        yield _by_label("payouts_payouts", "All payouts, by current status.", "status", counts)
        yield GaugeMetricFamily(
            "payouts_failing",
            "Payouts whose processing ends in an error of ours, and is retried.",
            value=payouts.failing_payouts(),
        )
        yield GaugeMetricFamily(
            "payouts_stuck",
            "Unfinished payouts, not on hold, that have not moved for STUCK_PAYOUT_DAYS.",
            value=payouts.stuck_payouts(now=now),
        )
        yield GaugeMetricFamily(
            "payouts_oldest_due_seconds",
            "Time since the longest waiting payout became due, in seconds; 0 if none is due.",
            value=payouts.oldest_due(now=now).total_seconds(),
        )
        differing = payouts.open_differences(now=now)
        yield _by_label(
            "payouts_open_differences",
            "Open differences with Stripe or the marketplace's tables.",
            "kind",
            dict.fromkeys(DifferenceKind, 0) | dict(differing.by_kind),
        )
        yield GaugeMetricFamily(
            "payouts_oldest_difference_seconds",
            "Age of the oldest open difference, in seconds; 0 if none.",
            value=differing.oldest.total_seconds(),
        )
        forecasts = payouts.latest_forecasts()
        yield _by_label(
            "payouts_forecast_needed_minor_units",
            "Balance needed at Stripe for unsent payouts and the next run, as of the latest forecast.",
            "currency",
            {forecast.currency: forecast.needed for forecast in forecasts},
        )
        yield _by_label(
            "payouts_forecast_missing_minor_units",
            "Part of the needed balance not available at Stripe, as of the latest forecast.",
            "currency",
            {forecast.currency: forecast.missing for forecast in forecasts},
        )
        pauses = payouts.open_pauses()
        yield _by_label(
            "payouts_sending_paused",
            "1 while sending is paused for this cause.",
            "cause",
            dict.fromkeys(PauseCause, 0) | {pause.cause: 1 for pause in pauses},
        )
        yield _by_label(
            "payouts_missing_minor_units",
            "Amount to add to the balance at Stripe to send all waiting payouts.",
            "currency",
            {pause.currency: pause.missing for pause in pauses if pause.missing is not None},
        )
        events = inbox.unhandled_events(now=now)
        yield GaugeMetricFamily(
            "payouts_unhandled_events", "Webhook events not handled yet.", value=events.count
        )
        yield GaugeMetricFamily(
            "payouts_oldest_unhandled_event_seconds",
            "Age of the oldest unhandled webhook event, in seconds; 0 if none.",
            value=events.oldest.total_seconds(),
        )
        yield _by_label(
            "payouts_webhook_bodies_set_aside",
            "Signed webhook bodies that could not be handled as events.",
            "reason",
            inbox.bodies_set_aside(),
        )


def _by_label(name: str, help_text: str, label: str, values: Mapping[Any, int]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, help_text, labels=[label])
    for key, value in values.items():
        gauge.add_metric([str(key)], value)
    return gauge
