"""What happens at Stripe without our request."""

from collections.abc import Callable
from typing import Any

import stripe

from sandbox.server import SandboxServer

Fund = Callable[[int], None]


def test_a_debit_can_make_a_balance_negative(client: stripe.StripeClient, paid_account: str) -> None:
    client.raw_request("post", f"/_sandbox/accounts/{paid_account}/adjust", amount=-130_00)
    options: stripe.RequestOptions = {"stripe_account": paid_account}
    assert client.v1.balance.retrieve({}, options).available[0].amount == -30_00
    (transaction,) = client.v1.balance_transactions.list({"type": "adjustment"}, options).data
    assert transaction.amount == -130_00


def test_a_holder_can_pay_out_the_whole_balance(client: stripe.StripeClient, paid_account: str) -> None:
    client.raw_request("post", f"/_sandbox/accounts/{paid_account}/payout", amount=30_00)
    client.raw_request("post", f"/_sandbox/accounts/{paid_account}/payout")
    options: stripe.RequestOptions = {"stripe_account": paid_account}
    payouts = client.v1.payouts.list({}, options).data
    assert [payout.amount for payout in payouts] == [70_00, 30_00]
    assert [payout.to_dict()["metadata"] for payout in payouts] == [{}, {}]
    assert len(client.v1.events.list({"type": "payout.created"}, options).data) == 2


def test_the_platform_can_be_drained_and_filled(
    client: stripe.StripeClient, server: SandboxServer, fund: Fund
) -> None:
    def adjust(amount: int) -> Any:
        path = f"/_sandbox/accounts/{server.platform}/adjust"
        return client.raw_request("post", path, amount=amount, currency="usd").data

    fund(100_00)
    assert adjust(-100_00)["available"][0]["amount"] == 0
    assert len(client.v1.events.list({"type": "balance.available"}).data) == 1
    assert adjust(5_00)["available"][0]["amount"] == 5_00
    assert len(client.v1.events.list({"type": "balance.available"}).data) == 2
