"""A source, creators with one API each, and a marketplace's own database."""

from collections.abc import Iterator

import pytest

from accounts.models import Creator
from earnings.models import BillingSource
from tests.earnings.marketplace import Marketplace, new_database
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


@pytest.fixture(scope="session")
def second_database() -> Iterator[str]:
    with new_database() as name:
        yield name


@pytest.fixture
def marketplace_options() -> dict[str, str]:
    """Types of its columns; parametrize this for others."""
    return {}


@pytest.fixture
def marketplace(second_database: str, marketplace_options: dict[str, str]) -> Iterator[Marketplace]:
    """Creator 1 sells API 1."""
    made = Marketplace(second_database, **marketplace_options)
    made.offer(1)
    yield made
    made.close()
