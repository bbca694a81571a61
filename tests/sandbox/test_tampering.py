"""The record can be made to differ from what was done."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe


@pytest.fixture
def transfer(client: stripe.StripeClient, fund: Callable[[int], None], account: str) -> stripe.Transfer:
    fund(100_00)
    return client.v1.transfers.create({"amount": 90_00, "currency": "usd", "destination": account})


def test_a_changed_record_moves_nothing_and_emits_no_event(
    client: stripe.StripeClient, transfer: stripe.Transfer, state: Callable[[], Any]
) -> None:
    before = state()
    client.raw_request(
        "post", f"/_sandbox/objects/{transfer.id}", amount=1, null=["description"], without=["destination"]
    )
    changed = client.v1.transfers.retrieve(transfer.id).to_dict()
    assert changed["amount"] == 1
    assert changed["description"] is None
    assert "destination" not in changed
    assert (state()["balances"], state()["events"]) == (before["balances"], before["events"])


def test_a_forgotten_record_is_not_found(client: stripe.StripeClient, transfer: stripe.Transfer) -> None:
    client.raw_request("delete", f"/_sandbox/objects/{transfer.id}")
    with pytest.raises(stripe.InvalidRequestError, match="No such transfer"):
        client.v1.transfers.retrieve(transfer.id)
    assert client.v1.transfers.list().data == []


def test_a_missing_record_cannot_be_changed(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such object"):
        client.raw_request("post", "/_sandbox/objects/tr_nothing", amount=1)
