from collections.abc import Callable
from typing import Any

import pytest
import stripe

from sandbox.server import SandboxServer

Fund = Callable[[int], None]
State = Callable[[], dict[str, Any]]


def send(client: stripe.StripeClient, account: str, amount: int = 25_00, **params: Any) -> stripe.Transfer:
    return client.v1.transfers.create(
        {"amount": amount, "currency": "usd", "destination": account, **params}  # type: ignore[typeddict-item]
    )


def available(client: stripe.StripeClient, account: str | None = None) -> dict[str, int]:
    options: stripe.RequestOptions = {"stripe_account": account} if account else {}
    return {each.currency: each.amount for each in client.v1.balance.retrieve({}, options).available}


def test_a_transfer_moves_its_amount_from_one_balance_to_the_other(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    fund(100_00)
    transfer = send(client, account, 25_00)

    assert (transfer.amount, transfer.amount_reversed, transfer.reversed) == (25_00, 0, False)
    assert available(client) == {"usd": 75_00}
    assert available(client, account) == {"usd": 25_00}


@pytest.mark.parametrize(
    ("currency", "refused", "taken"),
    [
        ("ugx", 5_50, 5_00),
        ("isk", 99, 1_00),
        ("kwd", 5_124, 5_120),
        ("bhd", 5, 10),
        ("jpy", None, 1),
        ("huf", None, 1),
    ],
)
def test_of_some_currencies_only_multiples_are_transferred(
    client: stripe.StripeClient, account: str, currency: str, refused: int | None, taken: int
) -> None:
    client.raw_request("post", "/_sandbox/fund", amount=100_000, currency=currency)
    if refused is not None:
        with pytest.raises(stripe.InvalidRequestError, match="evenly divisible") as error:
            send(client, account, refused, currency=currency)
        assert error.value.param == "amount"
    assert send(client, account, taken, currency=currency).amount == taken


def test_both_sides_have_a_balance_transaction(client: stripe.StripeClient, fund: Fund, account: str) -> None:
    fund(100_00)
    transfer = send(client, account, 25_00)

    (sent,) = client.v1.balance_transactions.list({"source": transfer.id}).data
    assert (sent.id, sent.type, sent.amount, sent.net) == (
        transfer.balance_transaction,
        "transfer",
        -25_00,
        -25_00,
    )
    (received,) = client.v1.balance_transactions.list({"type": "payment"}, {"stripe_account": account}).data
    assert (received.source, received.amount, received.status) == (
        transfer.destination_payment,
        25_00,
        "available",
    )


def test_the_payment_is_found_on_the_destination_only(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    fund(100_00)
    payment = str(send(client, account).destination_payment)

    assert client.v1.charges.retrieve(payment, {}, {"stripe_account": account}).amount == 25_00
    with pytest.raises(stripe.InvalidRequestError, match="No such charge"):
        client.v1.charges.retrieve(payment)


def test_a_transfer_returns_what_it_is_asked_to_expand(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    fund(100_00)
    transfer = send(
        client,
        account,
        expand=["balance_transaction", "destination_payment.balance_transaction", "destination"],
    )

    assert isinstance(transfer.destination_payment, stripe.Charge)
    assert isinstance(transfer.destination_payment.balance_transaction, stripe.BalanceTransaction)
    assert transfer.destination_payment.balance_transaction.amount == 25_00
    assert isinstance(transfer.balance_transaction, stripe.BalanceTransaction)
    assert transfer.balance_transaction.amount == -25_00
    assert isinstance(transfer.destination, stripe.Account)

    (listed,) = client.v1.transfers.list({"expand": ["data.balance_transaction"]}).data
    assert isinstance(listed.balance_transaction, stripe.BalanceTransaction)


def test_what_cannot_be_expanded_is_refused_and_nothing_is_sent(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    fund(100_00)
    with pytest.raises(stripe.InvalidRequestError, match=r"cannot be expanded \(currency\)"):
        send(client, account, expand=["currency"])
    assert available(client) == {"usd": 100_00}


def test_a_transfer_above_the_available_balance_is_refused_and_leaves_no_trace(
    client: stripe.StripeClient, fund: Fund, account: str, state: State
) -> None:
    fund(10_00)
    before = state()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        send(client, account, 10_01)

    assert refused.value.code == "balance_insufficient"
    after = state()
    assert (after["balances"], after["events"], after["transfers"]) == (
        before["balances"],
        before["events"],
        [],
    )


def test_one_currency_does_not_pay_for_another(client: stripe.StripeClient, fund: Fund, account: str) -> None:
    fund(100_00)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create({"amount": 1, "currency": "eur", "destination": account})
    assert refused.value.code == "balance_insufficient"


def test_a_destination_needs_the_transfers_capability(client: stripe.StripeClient, fund: Fund) -> None:
    fund(100_00)
    account = client.v1.accounts.create(
        {"type": "express", "capabilities": {"transfers": {"requested": True}}}
    )
    with pytest.raises(stripe.InvalidRequestError) as refused:
        send(client, account.id)
    assert refused.value.code == "insufficient_capabilities_for_transfer"


@pytest.mark.parametrize("destination", ["acct_nobody", "the platform"])
def test_only_a_connected_account_can_be_a_destination(
    client: stripe.StripeClient, server: SandboxServer, fund: Fund, destination: str
) -> None:
    fund(100_00)
    account = server.platform if destination == "the platform" else destination
    with pytest.raises(stripe.InvalidRequestError, match="No such destination") as refused:
        send(client, account)
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (
        400,
        "resource_missing",
        "destination",
    )


def test_transfers_are_found_by_group_destination_and_time(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    fund(100_00)
    first = send(client, account, transfer_group="payout_1")
    second = send(client, account, transfer_group="payout_2")

    def found(**params: Any) -> list[str]:
        return [transfer.id for transfer in client.v1.transfers.list(params).data]  # type: ignore[arg-type]

    assert found(transfer_group="payout_1") == [first.id]
    assert found(transfer_group="payout_3") == []
    assert found(destination=account) == [second.id, first.id]
    assert found(destination="acct_nobody") == []
    assert found(created={"gte": first.created, "lte": second.created}) == [second.id, first.id]
    assert found(created={"gt": second.created}) == []


def test_changed_metadata_is_an_event(client: stripe.StripeClient, fund: Fund, account: str) -> None:
    fund(100_00)
    transfer = send(client, account, metadata={"payout": "1"})
    changed = client.v1.transfers.update(transfer.id, {"metadata": {"seen": "yes"}})

    assert changed.metadata.to_dict() == {"payout": "1", "seen": "yes"}
    assert client.v1.transfers.retrieve(transfer.id).metadata.to_dict() == {"payout": "1", "seen": "yes"}
    assert [event.type for event in client.v1.events.list().data] == [
        "transfer.updated",
        "transfer.created",
        "balance.available",
    ]


def test_money_of_another_source_type_covers_no_transfer(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    fund(1_00)
    client.raw_request("post", "/_sandbox/fund", amount=9_00, currency="usd", source_type="bank_account")
    (available,) = client.v1.balance.retrieve().to_dict()["available"]
    assert (available["amount"], available["source_types"]) == (10_00, {"card": 1_00, "bank_account": 9_00})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create({"amount": 1_01, "currency": "usd", "destination": account})
    assert refused.value.code == "balance_insufficient"
