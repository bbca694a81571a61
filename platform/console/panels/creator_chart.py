"""What a creator earned in each of the last twelve months, as a chart; the tab of earnings has the same as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.http import HttpRequest
from django.utils.text import Truncator

from accounts.models import Creator
from console.charts import Bars, Series, bars
from console.panels.tabs import OVERVIEW
from database import sql
from database.admin import section
from earnings.selectors import earned_by_month
from money import last_months

MONTHS = 12
APIS_NAMED = 5
LONGEST_LABEL = 40
_COLOURS = (
    "var(--color-primary-700)",
    "var(--color-primary-500)",
    "var(--color-primary-300)",
    "#0d9488",
    "#d97706",
    "#9ca3af",
    "#6b7280",
)


@dataclass(frozen=True, slots=True)
class YearChart:
    """A year of bars per currency, stacked by API; `charts` pairs each currency with its bars."""

    template: ClassVar[str] = "console/year.html"
    charts: Sequence[tuple[str, Bars]]


@section(Creator, tab=OVERVIEW)
def year(creator: Creator, request: HttpRequest) -> YearChart | None:
    months = last_months(sql.now(), MONTHS)[::-1]
    labels = [f"{month:%b %y}" for month in months]
    charts = []
    for currency, earned in earned_by_month(creator.pk, first=months[0], named=APIS_NAMED).items():
        series = [
            Series(
                Truncator(row.title).chars(LONGEST_LABEL), colour, [row.in_month(month) for month in months]
            )
            for row, colour in zip(earned, _COLOURS, strict=False)
        ]
        if any(amount for each in series for amount in each.amounts):
            charts.append((currency, bars(labels, series, currency=currency, stacked=True)))
    return YearChart(charts) if charts else None
