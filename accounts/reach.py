"""Where creators can be paid from the platform's country, and under which of Stripe's service agreements."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

NO = "no"
_FILE = Path(__file__).with_name("reach.toml")


def agreement_for(country: str) -> str | None:
    """Return the service agreement of a creator in this country; None if they can't be paid.

    STRIPE_COUNTRIES goes before the table: Stripe gives some platforms more, and some less.
    """
    chosen = settings.STRIPE_COUNTRIES.get(country) or in_table(settings.PLATFORM_COUNTRY, country)
    return None if chosen == NO else chosen


def in_table(platform: str, country: str) -> str:
    """Read the table; the platform's own country is reached too."""
    table = _table()
    if country in table["never"].split():
        return NO
    if platform == country:
        return str(table["own_country"])
    for region in table["region"]:
        if platform in region["countries"].split() and country in region["countries"].split():
            return str(region["agreement"])
    return str(table["elsewhere"])


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
