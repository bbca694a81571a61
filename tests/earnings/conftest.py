"""A source, and three creators with an API each."""

import pytest

from accounts.models import Creator
from earnings.models import BillingSource
from tests.factories import ApiFactory, CreatorFactory, SourceFactory


@pytest.fixture
def source(db: None) -> BillingSource:
    return SourceFactory.create(name="billing")


@pytest.fixture
def alice(db: None) -> Creator:
    """Owns `api-a`."""
    creator = CreatorFactory.create(external_id="alice")
    ApiFactory.create(external_id="api-a", owner=creator)
    return creator


@pytest.fixture
def bob(db: None) -> Creator:
    """Owns `api-b`."""
    creator = CreatorFactory.create(external_id="bob")
    ApiFactory.create(external_id="api-b", owner=creator)
    return creator
