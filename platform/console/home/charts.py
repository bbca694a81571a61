"""Charts of the last twelve months, each with a table of the same figures."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from console.charts import Bars, Series, bars
from console.currencies import by_currency
from database.admin import page_of
from money import Money, midnight
from payouts import selectors as payouts
from revenue.models import PlatformRevenue

MONTHS = 12
_STRONG, _WEAK, _BAD = "var(--color-primary-600)", "var(--color-primary-300)", "var(--color-red-600)"


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar chart and its table: months, oldest first, with an amount for each column."""

    title: str
    bars: Bars
    columns: Sequence[str]
    rows: Sequence[tuple[date, str, Sequence[Money]]]


def charts(newest_first: Sequence[PlatformRevenue]) -> list[Chart]:
    """Return for each currency what was sold and what was paid in these months; a chart of nothing is left out."""
    rows = newest_first[::-1]
    failed: dict[tuple[date, str], Money] = {
        (month.month, month.amount.currency): month.amount
        for month in payouts.failed_by_month(since=midnight(rows[0].month))
    }
    revenue: dict[str, list[PlatformRevenue]] = defaultdict(list)
    for row in rows:
        revenue[row.currency].append(row)
    return [
        chart
        for currency, months in by_currency(revenue).items()
        for chart in (_sales(currency, months), _payouts(currency, months, failed))
        if any(amount.amount for _, _, amounts in chart.rows for amount in amounts)
    ]


def _sales(currency: str, months: Sequence[PlatformRevenue]) -> Chart:
    return _chart(
        f"Gross revenue, {currency}",
        currency,
        {"Platform fees": _STRONG, "Creators' share": _WEAK},
        [(row, [row.total_platform_fees, row.total_creator_earnings]) for row in months],
        total="Gross",
    )


def _payouts(
    currency: str, months: Sequence[PlatformRevenue], failed: dict[tuple[date, str], Money]
) -> Chart:
    nothing = Money(0, currency)
    return _chart(
        f"Payouts, {currency}",
        currency,
        {"Paid": _STRONG, "Failed": _BAD},
        [
            (row, [row.total_creator_payouts, failed.get((row.month, currency), nothing).amount])
            for row in months
        ],
    )


def _chart(
    title: str,
    currency: str,
    series: dict[str, str],
    months: Sequence[tuple[PlatformRevenue, Sequence[int]]],
    *,
    total: str = "",
) -> Chart:
    columns = [*series, *([total] if total else [])]
    drawn = [
        Series(label, colour, [amounts[place] for _, amounts in months])
        for place, (label, colour) in enumerate(series.items())
    ]
    return Chart(
        title=title,
        bars=bars([f"{row.month:%b}" for row, _ in months], drawn, currency=currency, stacked=bool(total)),
        columns=["Month", *columns],
        rows=[
            (
                row.month,
                page_of(row) if row.pk else "",
                [Money(amount, currency) for amount in (*amounts, *([sum(amounts)] if total else []))],
            )
            for row, amounts in months
        ],
    )
