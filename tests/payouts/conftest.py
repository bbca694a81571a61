"""What the tests of payouts share."""

import pytest

from tests.payouts.market import Market


@pytest.fixture
def market(db: None) -> Market:
    """A marketplace without creators."""
    return Market()
