"""The running service with some data, used from outside."""

import pytest
from pytest_django import Settings

from payouts.models import Payout
from tests.payouts.market import Market
from tests.running import RunningService
from tests.waiting import wait_until


@pytest.fixture
def market(service: RunningService, settings: Settings) -> Market:
    """A market where Alice and Bob have been paid, and Alice has earned again since; without rate limits."""
    service.set(REQUESTS_PER_MINUTE=",".join(f"{scope}:1000000" for scope in settings.REQUESTS_PER_MINUTE))
    market = Market()
    alice, bob = market.creators(["alice", "bob"], account=None)
    market.sell_all([alice, bob], 100_00)
    service.manage("onboard_creators")
    service.stripe.raw_request("post", "/_sandbox/fund", amount=1_000_000, currency="usd")
    market.run()
    service.start_web()
    service.start_worker()
    service.send("payouts.sweep")
    wait_until(lambda: set(Payout.objects.values_list("status", flat=True)) == {"paid"}, seconds=60)
    market.sell(alice, 5_00, at="2025-10-05T12:00:00Z")
    return market
