"""Transfers to accounts that settle in another currency."""

from collections.abc import Callable

import pytest
import stripe

Fund = Callable[[int], None]


def open_account(client: stripe.StripeClient, country: str) -> str:
    client.raw_request("post", "/_sandbox/switches", regions=False)
    account = client.v1.accounts.create(
        {
            "type": "express",
            "country": country,
            "capabilities": {"transfers": {"requested": True}},
        }
    )
    client.raw_request("post", f"/_sandbox/accounts/{account.id}/complete")
    return account.id


def send(client: stripe.StripeClient, account: str, amount: int) -> stripe.Transfer:
    return client.v1.transfers.create({"amount": amount, "currency": "usd", "destination": account})


def arrival(client: stripe.StripeClient, transfer: stripe.Transfer) -> stripe.BalanceTransaction:
    payment = client.v1.charges.retrieve(
        str(transfer.destination_payment),
        {"expand": ["balance_transaction"]},
        {"stripe_account": str(transfer.destination)},
    )
    assert (payment.amount, payment.currency) == (transfer.amount, transfer.currency)
    assert isinstance(payment.balance_transaction, stripe.BalanceTransaction)
    return payment.balance_transaction


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("DE", (89_51, "eur", 0.895095)),
        ("JP", (15_725, "jpy", 1.572503)),
        ("HU", (32_790_01, "huf", 327.900107)),
        ("IS", (12_173_00, "isk", 121.732904)),
    ],
)
def test_a_transfer_arrives_in_the_currency_of_its_destination(
    client: stripe.StripeClient, fund: Fund, country: str, expected: tuple[int, str, float]
) -> None:
    fund(100_00)
    transfer = send(client, open_account(client, country), 100_00)
    arrived = arrival(client, transfer)
    assert (arrived.amount, arrived.currency, arrived.exchange_rate) == expected
    assert arrived.net == arrived.amount
    sent = client.v1.balance_transactions.retrieve(str(transfer.balance_transaction))
    assert (sent.amount, sent.currency, sent.exchange_rate) == (-100_00, "usd", None)
    (held,) = client.v1.balance.retrieve({}, {"stripe_account": str(transfer.destination)}).available
    assert (held.amount, held.currency) == expected[:2]


def test_the_same_currency_is_not_converted(client: stripe.StripeClient, fund: Fund, account: str) -> None:
    fund(100_00)
    arrived = arrival(client, send(client, account, 100_00))
    assert (arrived.amount, arrived.exchange_rate) == (100_00, None)


def test_a_changed_rate_applies_to_later_transfers(client: stripe.StripeClient, fund: Fund) -> None:
    fund(200_00)
    account = open_account(client, "GB")
    before = send(client, account, 100_00)
    client.raw_request("post", "/_sandbox/rates", per_euro={"usd": 1, "gbp": 0.8})
    assert arrival(client, before).exchange_rate == 0.746330
    assert (arrived := arrival(client, send(client, account, 100_00))).exchange_rate == 0.8
    assert arrived.amount == 80_00


@pytest.mark.parametrize("rate", [0, -1, "nan", "inf"])
def test_a_rate_must_be_positive(client: stripe.StripeClient, rate: object) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.raw_request("post", "/_sandbox/rates", per_euro={"gbp": rate})
    assert refused.value.param == "per_euro[gbp]"


def test_a_reversal_is_converted_back_at_the_rate_of_its_day_with_a_spread(
    client: stripe.StripeClient, fund: Fund
) -> None:
    fund(200_00)
    account = open_account(client, "GB")
    client.raw_request("post", "/_sandbox/rates", per_euro={"usd": 1, "gbp": 0.8})
    first = send(client, account, 100_00)
    send(client, account, 100_00)
    client.raw_request("post", "/_sandbox/rates", per_euro={"gbp": 0.9})
    client.v1.transfers.reversals.create(first.id, {"amount": 100_00})
    options: stripe.RequestOptions = {"stripe_account": account}
    (taken,) = client.v1.balance_transactions.list({"type": "payment_refund"}, options).data
    assert (taken.amount, taken.currency, taken.exchange_rate) == (-91_35, "gbp", 0.9135)


def test_the_spread_may_ask_for_more_than_arrived(client: stripe.StripeClient, fund: Fund) -> None:
    fund(100_00)
    transfer = send(client, open_account(client, "DE"), 100_00)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.reversals.create(transfer.id)
    assert refused.value.code == "balance_insufficient"
    assert client.v1.transfers.reversals.create(transfer.id, {"amount": 98_00}).amount == 98_00


def test_a_reversal_that_converts_to_nothing_is_refused(client: stripe.StripeClient, fund: Fund) -> None:
    fund(100_00)
    client.raw_request("post", "/_sandbox/rates", per_euro={"usd": 1, "gbp": 0.1})
    transfer = send(client, open_account(client, "GB"), 100_00)
    with pytest.raises(stripe.InvalidRequestError, match="smallest unit"):
        client.v1.transfers.reversals.create(transfer.id, {"amount": 1})
