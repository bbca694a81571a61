"""A source and two creators with an API each, as in the tests of earnings."""

import pytest

from accounts.models import Creator
from earnings.models import BillingSource
from tests.factories import ApiFactory, CreatorFactory, SourceFactory


@pytest.fixture
def source(db: None) -> BillingSource:
    for letter, name in [("a", "alice"), ("b", "bob")]:
        ApiFactory.create(external_id=f"api-{letter}", owner=CreatorFactory.create(external_id=name))
    return SourceFactory.create(name="billing")


@pytest.fixture
def alice(source: BillingSource) -> Creator:
    return Creator.objects.get(external_id="alice")
