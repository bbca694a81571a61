"""Transfers that come back, in whole or in part."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import stripe

from sandbox.config import Config
from sandbox.server import SandboxServer

Fund = Callable[[int], None]
State = Callable[[], dict[str, Any]]


@pytest.fixture
def transfer(client: stripe.StripeClient, fund: Fund, account: str) -> stripe.Transfer:
    """$100 on their way from a platform that has nothing else."""
    fund(100_00)
    return client.v1.transfers.create({"amount": 100_00, "currency": "usd", "destination": account})


def reverse(client: stripe.StripeClient, transfer: str, **params: Any) -> stripe.Reversal:
    return client.v1.transfers.reversals.create(transfer, params)  # type: ignore[arg-type]


def available(client: stripe.StripeClient, account: str | None = None) -> int:
    options: stripe.RequestOptions = {"stripe_account": account} if account else {}
    return client.v1.balance.retrieve({}, options).available[0].amount


def test_a_full_reversal_returns_the_money(
    client: stripe.StripeClient, account: str, transfer: stripe.Transfer
) -> None:
    reversal = reverse(client, transfer.id, metadata={"payout": "1"})

    assert (reversal.amount, reversal.transfer) == (100_00, transfer.id)
    assert reversal.to_dict()["metadata"] == {"payout": "1"}
    assert (available(client), available(client, account)) == (100_00, 0)
    after = client.v1.transfers.retrieve(transfer.id)
    assert (after.amount_reversed, after.reversed) == (100_00, True)
    assert [each.id for each in after.reversals.data] == [reversal.id]


def test_partial_reversals_add_up(
    client: stripe.StripeClient, account: str, transfer: stripe.Transfer
) -> None:
    first = reverse(client, transfer.id, amount=30_00)
    after = client.v1.transfers.retrieve(transfer.id)
    assert (after.amount_reversed, after.reversed) == (30_00, False)

    rest = reverse(client, transfer.id)
    assert rest.amount == 70_00
    after = client.v1.transfers.retrieve(transfer.id)
    assert (after.amount_reversed, after.reversed, after.reversals.to_dict()["total_count"]) == (
        100_00,
        True,
        2,
    )
    assert [each.id for each in client.v1.transfers.reversals.list(transfer.id).data] == [rest.id, first.id]
    assert client.v1.transfers.reversals.retrieve(transfer.id, first.id).amount == 30_00


def test_a_transfer_shows_ten_reversals_and_lists_them_all(
    client: stripe.StripeClient, transfer: stripe.Transfer
) -> None:
    made = [reverse(client, transfer.id, amount=1).id for _ in range(11)][::-1]
    shown = client.v1.transfers.retrieve(transfer.id).reversals
    assert ([each.id for each in shown.data], shown.has_more) == (made[:10], True)
    page = client.v1.transfers.reversals.list(transfer.id, {"limit": 4})
    assert [each.id for each in page.auto_paging_iter()] == made


def test_both_sides_have_a_balance_transaction(
    client: stripe.StripeClient, account: str, transfer: stripe.Transfer
) -> None:
    reversal = reverse(
        client, transfer.id, amount=30_00, expand=["destination_payment_refund.balance_transaction"]
    )

    (received,) = client.v1.balance_transactions.list({"source": reversal.id}).data
    assert (received.id, received.type, received.amount) == (
        reversal.balance_transaction,
        "transfer_refund",
        30_00,
    )
    assert isinstance(reversal.destination_payment_refund, stripe.Refund)
    taken = reversal.destination_payment_refund.balance_transaction
    assert isinstance(taken, stripe.BalanceTransaction)
    assert (taken.type, taken.amount) == ("payment_refund", -30_00)
    payment = client.v1.charges.retrieve(str(transfer.destination_payment), {}, {"stripe_account": account})
    assert (payment.amount_refunded, payment.refunded) == (30_00, False)


def test_a_reversal_is_two_events_of_the_platform(
    client: stripe.StripeClient, transfer: stripe.Transfer
) -> None:
    reverse(client, transfer.id, amount=30_00)
    (reversed_event,) = client.v1.events.list({"type": "transfer.reversed"}).data
    (updated,) = client.v1.events.list({"type": "transfer.updated"}).data
    assert reversed_event.data.object["amount_reversed"] == 30_00
    assert updated.data.object["amount_reversed"] == 30_00
    assert updated.data.previous_attributes is not None
    assert updated.data.previous_attributes["amount_reversed"] == 0


@pytest.mark.parametrize("amount", [100_01, None])
def test_more_than_is_left_is_refused(
    client: stripe.StripeClient, transfer: stripe.Transfer, amount: int | None
) -> None:
    if amount is None:
        reverse(client, transfer.id)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unreversed amount") as refused:
        reverse(client, transfer.id, **({"amount": amount} if amount else {}))
    assert refused.value.param == "amount"


def test_what_went_to_the_bank_cannot_be_reversed(
    client: stripe.StripeClient, account: str, transfer: stripe.Transfer, state: State
) -> None:
    client.v1.payouts.create({"amount": 80_00, "currency": "usd"}, {"stripe_account": account})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        reverse(client, transfer.id, amount=20_01)
    assert refused.value.code == "balance_insufficient"
    assert state()["transfer_reversals"] == []
    assert reverse(client, transfer.id, amount=20_00).amount == 20_00


def test_the_dashboard_can_reverse_below_zero_and_the_next_transfer_fills_the_gap(
    client: stripe.StripeClient, account: str, transfer: stripe.Transfer
) -> None:
    client.v1.payouts.create({"amount": 80_00, "currency": "usd"}, {"stripe_account": account})
    client.raw_request("post", f"/_sandbox/transfers/{transfer.id}/reverse", amount=30_00)
    assert available(client, account) == -10_00
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payouts.create({"amount": 1, "currency": "usd"}, {"stripe_account": account})
    assert refused.value.code == "balance_insufficient"
    client.v1.transfers.create({"amount": 30_00, "currency": "usd", "destination": account})
    assert available(client, account) == 20_00


def test_a_reversal_of_another_transfer_is_not_found(
    client: stripe.StripeClient, transfer: stripe.Transfer, account: str
) -> None:
    reversal = reverse(client, transfer.id, amount=50_00)
    other = client.v1.transfers.create({"amount": 50_00, "currency": "usd", "destination": account})
    with pytest.raises(stripe.InvalidRequestError, match="No such transfer reversal"):
        client.v1.transfers.reversals.retrieve(other.id, reversal.id)


class TestPendingFunds:
    @pytest.fixture
    def server(self, config: Config) -> Iterator[SandboxServer]:
        with SandboxServer(replace(config, settle_seconds=60)) as server:
            yield server

    def test_a_reversal_draws_on_the_available_balance_only(
        self,
        client: stripe.StripeClient,
        account: str,
        transfer: stripe.Transfer,
        advance: Callable[[int], float],
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            reverse(client, transfer.id, amount=30_00)
        assert refused.value.code == "balance_insufficient"
        advance(61)
        reverse(client, transfer.id, amount=30_00)
        assert available(client, account) == 70_00


class TestPendingReversals:
    @pytest.fixture
    def waiting(
        self, client: stripe.StripeClient, account: str, transfer: stripe.Transfer
    ) -> stripe.Reversal:
        """All of the transfer is asked back, and $80 of it went to the bank."""
        client.raw_request("post", "/_sandbox/pending_reversals", enabled=True)
        client.v1.payouts.create({"amount": 80_00, "currency": "usd"}, {"stripe_account": account})
        return reverse(client, transfer.id)

    def test_a_reversal_that_lacks_funds_waits_and_moves_nothing(
        self, client: stripe.StripeClient, account: str, waiting: stripe.Reversal
    ) -> None:
        assert waiting.to_dict()["status"] == "pending"
        assert waiting.balance_transaction is None
        assert (available(client), available(client, account)) == (0, 20_00)
        assert client.v1.transfers.retrieve(str(waiting.transfer)).amount_reversed == 100_00

    def test_it_moves_the_money_once_it_succeeds(
        self, client: stripe.StripeClient, account: str, waiting: stripe.Reversal
    ) -> None:
        client.raw_request("post", f"/_sandbox/accounts/{account}/adjust", amount=80_00)
        client.raw_request("post", f"/_sandbox/reversals/{waiting.id}/end", status="succeeded")
        assert (available(client), available(client, account)) == (100_00, 0)
        after = client.v1.transfers.retrieve(str(waiting.transfer))
        assert after.amount_reversed == 100_00
        assert after.reversals.data[0].balance_transaction is not None

    @pytest.mark.parametrize("status", ["failed", "canceled"])
    def test_it_counts_no_more_once_it_fails(
        self, client: stripe.StripeClient, waiting: stripe.Reversal, status: str
    ) -> None:
        client.raw_request("post", f"/_sandbox/reversals/{waiting.id}/end", status=status)
        assert client.v1.transfers.retrieve(str(waiting.transfer)).amount_reversed == 0
        assert available(client) == 0

    def test_with_enough_funds_it_succeeds_at_once(
        self, client: stripe.StripeClient, transfer: stripe.Transfer
    ) -> None:
        client.raw_request("post", "/_sandbox/pending_reversals", enabled=True)
        assert reverse(client, transfer.id).to_dict()["status"] == "succeeded"
