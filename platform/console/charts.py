"""Bar charts of money by month, as Chart.js reads them; unfold's own are thin bars without a scale."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from money import currencies

# Chart.js draws text in one colour, in light and dark mode.
_GREY = "#9ca3af"


class Series(NamedTuple):
    """One amount for each month, in minor units. Unfold replaces variables in colours."""

    label: str
    colour: str
    amounts: Sequence[int]


@dataclass(frozen=True, slots=True)
class Bars:
    """What a canvas needs; nothing is calculated from it."""

    data: str
    options: str


def bars(months: Sequence[str], series: Sequence[Series], *, currency: str, stacked: bool) -> Bars:
    """Draw a bar for each month and series, or one for each month."""
    places = currencies.exponent(currency) if currencies.is_known(currency) else 0
    datasets = [
        {
            "label": each.label,
            "backgroundColor": each.colour,
            "data": [float(Decimal(amount).scaleb(-places)) for amount in each.amounts],
            "borderRadius": 2,
            "maxBarThickness": 28,
        }
        for each in series
    ]
    return Bars(
        data=json.dumps({"labels": list(months), "datasets": datasets}),
        options=json.dumps(_options(currency, stacked=stacked)),
    )


def _options(currency: str, *, stacked: bool) -> dict[str, Any]:
    """Return options without functions: Chart.js writes axes and tooltips by the number format.

    Source: https://www.chartjs.org/docs/latest/axes/cartesian/linear.html
    """
    money = {
        "style": "currency",
        "currency": currency,
        "minimumFractionDigits": 0,
        "maximumFractionDigits": 0,
    }
    return {
        "animation": False,
        "maintainAspectRatio": False,
        "plugins": {
            "legend": {
                "display": True,
                "align": "end",
                "labels": {"boxWidth": 10, "boxHeight": 10, "color": _GREY},
            }
        },
        "scales": {
            "x": {"stacked": stacked, "grid": {"display": False}, "ticks": {"color": _GREY}},
            "y": {
                "stacked": stacked,
                "beginAtZero": True,
                "border": {"display": False},
                "grid": {"display": True},
                "ticks": {
                    "color": _GREY,
                    "maxTicksLimit": 5,
                    "format": money if currencies.is_known(currency) else {},
                },
            },
        },
    }
