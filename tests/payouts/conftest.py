"""What the tests of payouts share."""

from typing import Any

import pytest

from payouts.models import Payout
from tests.payouts.market import Market


@pytest.fixture
def market(db: None) -> Market:
    """A marketplace without creators."""
    return Market()


@pytest.fixture
def payout(market: Market, sandbox: Any) -> Payout:
    """$80.00 for alice, who is onboarded at the sandbox, waiting to be sent."""
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    return market.payout(alice)
