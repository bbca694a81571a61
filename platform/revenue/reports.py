"""The content of a monthly report."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from django.template.loader import render_to_string

from money import Money, Period
from revenue.models import MonthlyReport, PlatformRevenue

FIRST_DAY = 2
MONEY = ("total_gross_revenue", "total_platform_fees", "total_creator_earnings", "total_creator_payouts")
COUNTS = ("total_transactions", "total_api_calls", "active_subscriptions")
COLUMNS = (*MONEY, *COUNTS)
LABELS = {
    "total_gross_revenue": "Gross revenue",
    "total_platform_fees": "Platform fees",
    "total_creator_earnings": "Creator earnings",
    "total_creator_payouts": "Paid to creators",
    "total_transactions": "Transactions",
    "total_api_calls": "API calls",
    "active_subscriptions": "Active subscriptions",
}


def gather(month: Period) -> dict[str, Any]:
    """Collect a month's figures by currency, and the changes of earlier months since they were reported.

    Amounts are signed minor units. A change is reported once, in the first report made after it. A month without a
    report counts as reported with zeros, so all reports together are complete.
    """
    return {
        "currencies": {
            row.currency: _figures(row) for row in PlatformRevenue.objects.filter(month=month.start)
        },
        "prior_period_adjustments": _changes_before(month),
    }


def render(month: Period, figures: dict[str, Any]) -> str:
    """Render the report as text, with formatted amounts."""
    currencies = {
        currency: {name: _formatted(name, amounts[name], currency) for name in COLUMNS}
        | {"take_rate": _take_rate(amounts["take_rate_bps"])}
        for currency, amounts in figures["currencies"].items()
    }
    adjustments = [
        (date.fromisoformat(reported), currency, LABELS[name], _formatted(name, amount, currency))
        for reported, by_currency in figures["prior_period_adjustments"].items()
        for currency, changes in by_currency.items()
        for name, amount in changes.items()
    ]
    return render_to_string(
        "revenue/monthly_report.txt",
        {"month": month.start, "currencies": currencies, "adjustments": adjustments},
    )


def _formatted(name: str, figure: int, currency: str) -> str:
    return str(Money(figure, currency)) if name in MONEY else f"{figure:,}"


def _take_rate(bps: int | None) -> str:
    return "no share" if bps is None else f"{bps / 100:.2f} %"


def _figures(row: PlatformRevenue) -> dict[str, int | None]:
    figures = {name: getattr(row, name) for name in COLUMNS}
    return figures | {"take_rate_bps": row.take_rate_bps}


def _changes_before(month: Period) -> dict[str, dict[str, dict[str, int]]]:
    """Compare the earlier months with their reports and with the changes reported since."""
    known: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for report in MonthlyReport.objects.order_by("month"):
        for currency, figures in report.figures["currencies"].items():
            known[report.month.isoformat(), currency].update({name: figures[name] for name in COLUMNS})
        for earlier, by_currency in report.figures["prior_period_adjustments"].items():
            for currency, changes in by_currency.items():
                known[earlier, currency].update(changes)
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in PlatformRevenue.objects.filter(month__lt=month.start).order_by("month", "currency"):
        before = known[row.month.isoformat(), row.currency]
        changes = {name: getattr(row, name) - before[name] for name in COLUMNS}
        if moved := {name: amount for name, amount in changes.items() if amount}:
            found.setdefault(row.month.isoformat(), {})[row.currency] = moved
    return found
