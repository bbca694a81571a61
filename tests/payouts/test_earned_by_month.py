"""What a creator earned by API and month adds up to all that they earned."""

from datetime import date

import pytest

from database import sql
from earnings.selectors import earned_by_month
from earnings.services.catalog import CatalogEntry, register_apis
from tests.payouts.market import Market

pytestmark = pytest.mark.django_db
SEPTEMBER, OCTOBER, NOVEMBER = (date(2025, month, 1) for month in (9, 10, 11))


def test_months_before_the_first_are_one_sum(market: Market) -> None:
    alice = market.creator("alice")
    for month, gross in [(7, 5_00), (8, 10_00), (9, 20_00), (10, 30_00)]:
        market.sell(alice, gross, at=f"2025-{month:02}-10T12:00:00Z")
    ((currency, (earned,)),) = earned_by_month(alice.pk, first=SEPTEMBER, named=5).items()
    assert (currency, earned.title) == ("USD", "API of alice")
    assert earned.months == {None: 12_00, SEPTEMBER: 16_00, OCTOBER: 24_00}
    assert (earned.in_month(NOVEMBER), earned.lifetime) == (0, 52_00)


def test_apis_beyond_the_best_are_one_sum_and_so_are_adjustments(market: Market) -> None:
    alice = market.creator("alice")
    others = [CatalogEntry(f"api-{name}", f"API {name}", "alice") for name in ("b", "c")]
    register_apis(others, now=sql.now())
    for api, gross in [("api-alice", 10_00), ("api-b", 30_00), ("api-c", 5_00)]:
        market.sell(alice, gross, api_id=api)
    market.adjust(alice, 1_00, booked_at=sql.now())
    (rows,) = earned_by_month(alice.pk, first=SEPTEMBER, named=1).values()
    sums = [("API b", 24_00), ("All other APIs", 12_00), ("Adjustments", 1_00)]
    assert [(row.title, row.lifetime) for row in rows] == sums
