"""Lists at Stripe, read page by page."""

import pytest

from stripe_io.client import client, list_all
from stripe_io.errors import StripeCallFailed
from tests.local_stripe import Stripe

pytestmark = pytest.mark.django_db


@pytest.fixture
def accounts(sandbox: Stripe) -> list[str]:
    """Three accounts at Stripe, in the order of its lists: newest first."""
    created = [client().v1.accounts.create({"type": "express", "country": "US"}).id for _ in range(3)]
    return created[::-1]


def test_a_list_is_read_to_its_last_page(accounts: list[str]) -> None:
    assert [
        account["id"] for account in list_all(lambda: client().v1.accounts.list({"limit": 1}))
    ] == accounts


def test_a_later_page_that_fails_is_a_failed_call_too(accounts: list[str], sandbox: Stripe) -> None:
    listed = list_all(lambda: client().v1.accounts.list({"limit": 1}))
    assert next(listed)["id"] == accounts[0]
    sandbox.inject({"method": "GET", "path": "/v1/accounts", "kind": "connection_reset"})
    with pytest.raises(StripeCallFailed):
        next(listed)
