"""What a monthly report says."""

from collections import Counter, defaultdict
from typing import Any

from django.template.loader import render_to_string

from money import Money, Period
from revenue.models import MonthlyReport, PlatformRevenue

FIRST_DAY = 2
MONEY = ("total_gross_revenue", "total_platform_fees", "total_creator_earnings", "total_creator_payouts")
COUNTS = ("total_transactions", "total_api_calls", "active_subscriptions")


def gather(month: Period) -> dict[str, Any]:
    """Gather a month's figures per currency, and what changed in months reported before.

    Amounts are signed minor units. A change is told once: in the first report made after it.
    """
    return {
        "currencies": {
            row.currency: _figures(row) for row in PlatformRevenue.objects.filter(month=month.start)
        },
        "prior_period_adjustments": _changes_before(month),
    }


def render(month: Period, figures: dict[str, Any]) -> str:
    """Write the report's text, money as people read it."""
    currencies = {
        currency: {name: str(Money(said[name], currency)) for name in MONEY}
        | {name: said[name] for name in COUNTS}
        | {"take_rate": f"{said['take_rate_bps'] / 100:.2f} %"}
        for currency, said in figures["currencies"].items()
    }
    adjustments = [
        (reported, name, str(Money(amount, currency)))
        for reported, by_currency in figures["prior_period_adjustments"].items()
        for currency, changes in by_currency.items()
        for name, amount in changes.items()
    ]
    return render_to_string(
        "revenue/monthly_report.txt",
        {"month": month.start, "currencies": currencies, "adjustments": adjustments},
    )


def _figures(row: PlatformRevenue) -> dict[str, int]:
    figures = {name: getattr(row, name) for name in (*MONEY, *COUNTS)}
    return figures | {"take_rate_bps": row.take_rate_bps}


def _changes_before(month: Period) -> dict[str, dict[str, dict[str, int]]]:
    """Compare earlier reported months with what they come to now, less changes that reports told already."""
    told: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    reported = []
    for report in MonthlyReport.objects.order_by("month"):
        if report.month < month.start:
            reported.append(report.month)
        for currency, figures in report.figures["currencies"].items():
            told[report.month.isoformat(), currency].update({name: figures[name] for name in MONEY})
        for earlier, by_currency in report.figures["prior_period_adjustments"].items():
            for currency, changes in by_currency.items():
                told[earlier, currency].update(changes)
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in PlatformRevenue.objects.filter(month__in=reported).order_by("month", "currency"):
        before = told[row.month.isoformat(), row.currency]
        changes = {name: getattr(row, name) - before[name] for name in MONEY}
        if moved := {name: amount for name, amount in changes.items() if amount}:
            found.setdefault(row.month.isoformat(), {})[row.currency] = moved
    return found
