"""Fixtures for the tests of payouts."""

from collections.abc import Callable

import pytest

from database import sql
from payouts.models import Payout
from payouts.states import PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import Market
from tests.payouts.sending import send_transfer


@pytest.fixture
def market(db: None) -> Market:
    """A marketplace without creators."""
    return Market()


@pytest.fixture
def payout(market: Market, sandbox: Stripe) -> Payout:
    """$80.00 for alice, who is onboarded at the sandbox, waiting to be sent."""
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    return market.payout(alice)


@pytest.fixture
def paid(payout: Payout, settle: Callable[[], None]) -> Payout:
    """$80.00 that reached alice's bank, with all events handled."""
    settle()
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PAID
    return payout


@pytest.fixture
def sent(payout: Payout) -> Payout:
    """$80.00 on alice's connected account, its bank payout not sent."""
    send_transfer(payout.pk, now=sql.now())
    payout.refresh_from_db()
    return payout
