"""What a creator earned in each of the last twelve months, as a chart; the tab of earnings has the same as a table."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from django.http import HttpRequest

from accounts.models import Creator
from console.panels.tabs import OVERVIEW
from database import sql
from database.admin import section
from earnings.selectors import EarnedBy, earned_by_month
from money import month_of
from money.currencies import exponent

MONTHS = 12
APIS_NAMED = 5
_COLOURS = (
    "var(--color-primary-700)",
    "var(--color-primary-500)",
    "var(--color-primary-300)",
    "#0d9488",
    "#d97706",
    "#9ca3af",
    "#6b7280",
)
# Unfold's own are thin bars without a scale.
_OPTIONS = {
    "animation": False,
    "responsive": True,
    "maintainAspectRatio": False,
    "maxBarThickness": 36,
    "plugins": {
        "legend": {"display": True, "position": "bottom", "labels": {"boxWidth": 12, "color": "#9ca3af"}}
    },
    "scales": {
        "x": {"stacked": True, "grid": {"display": False}, "ticks": {"color": "#9ca3af"}},
        "y": {"stacked": True, "grid": {}, "ticks": {"color": "#9ca3af", "maxTicksLimit": 6}},
    },
}


@dataclass(frozen=True, slots=True)
class YearChart:
    """A year of bars per currency, stacked by API; `charts` pairs each currency with its data, in major units."""

    template: ClassVar[str] = "console/year.html"
    charts: Sequence[tuple[str, str]]
    options: str


@section(Creator, tab=OVERVIEW)
def year(creator: Creator, request: HttpRequest) -> YearChart | None:
    months = last_months(sql.now(), MONTHS)[::-1]
    earned = earned_by_month(creator.pk, first=months[0], named=APIS_NAMED)
    charts = [
        (currency, json.dumps(_data(rows, months, currency)))
        for currency, rows in earned.items()
        if any(row.in_month(month) for row in rows for month in months)
    ]
    return YearChart(charts, json.dumps(_OPTIONS)) if charts else None


def last_months(now: datetime, count: int) -> list[date]:
    """Return the first days of the running month and those before it, latest first."""
    months = [month_of(now)]
    while len(months) < count:
        months.append(months[-1].previous_month())
    return [month.start for month in months]


def _data(rows: Sequence[EarnedBy], months: Sequence[date], currency: str) -> dict[str, object]:
    unit = 10 ** exponent(currency)
    return {
        "labels": [f"{month:%b %y}" for month in months],
        "datasets": [
            {
                "label": row.title,
                "data": [row.in_month(month) / unit for month in months],
                "backgroundColor": colour,
            }
            for row, colour in zip(rows, _COLOURS, strict=False)
        ],
    }
