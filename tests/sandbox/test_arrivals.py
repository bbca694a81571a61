"""Money that arrives without a balance transaction: for moments, or for good."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

Fund = Callable[[int], None]


def send(client: stripe.StripeClient, account: str, amount: int = 1_00) -> stripe.Transfer:
    return client.v1.transfers.create({"amount": amount, "currency": "usd", "destination": account})


def arrivals(client: stripe.StripeClient, transfer: stripe.Transfer, reads: int) -> list[Any]:
    """Read the payment that a transfer made so many times, as the service does."""
    payment, options = str(transfer.destination_payment), {"stripe_account": str(transfer.destination)}
    found = [
        client.v1.charges.retrieve(payment, {"expand": ["balance_transaction"]}, options)  # type: ignore[arg-type]
        for _ in range(reads)
    ]
    return [each.balance_transaction and each.balance_transaction["net"] for each in found]  # type: ignore[index]


def test_what_arrived_is_known_after_some_reads(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    fund(3_00)
    client.raw_request("post", "/_sandbox/arrivals", rules=[{"reads": 2, "count": 1}])
    late, known = send(client, account), send(client, account)
    assert arrivals(client, late, 4) == [None, None, 1_00, 1_00]
    assert arrivals(client, known, 1) == [1_00]


def test_what_rounds_to_nothing_never_has_a_balance_transaction(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    fund(10)
    client.raw_request("post", f"/_sandbox/accounts/{account}/bank_account", country="JP", currency="jpy")
    client.raw_request("post", "/_sandbox/rates", per_euro={"usd": 1, "jpy": 10})
    tiny, enough = send(client, account, 4), send(client, account, 6)
    assert arrivals(client, tiny, 2) == [None, None]
    assert arrivals(client, enough, 1) == [1]
    assert client.v1.balance.retrieve({}, {"stripe_account": account}).available[0].amount == 1
    with pytest.raises(stripe.InvalidRequestError, match="smallest unit"):
        client.v1.transfers.reversals.create(tiny.id)
