from collections.abc import Callable

import pytest
import stripe

from sandbox.dashboard import ADJUSTMENTS
from sandbox.server import SandboxServer

Fund = Callable[[int], None]


def test_an_untouched_balance_is_zero_in_its_own_currency(client: stripe.StripeClient) -> None:
    account = client.v1.accounts.create({"type": "express", "country": "DE"})
    balance = client.v1.balance.retrieve({}, {"stripe_account": account.id})
    assert [(each.currency, each.amount) for each in balance.available] == [("eur", 0)]
    assert [(each.currency, each.amount) for each in balance.pending] == [("eur", 0)]


def test_funding_is_available_at_once_with_an_event(client: stripe.StripeClient, fund: Fund) -> None:
    fund(100_00)
    fund(50_00)

    assert client.v1.balance.retrieve().available[0].amount == 150_00
    transactions = client.v1.balance_transactions.list({"type": "topup"}).data
    assert [(each.amount, each.status) for each in transactions] == [
        (50_00, "available"),
        (100_00, "available"),
    ]
    amounts = [event.data.object["available"][0]["amount"] for event in client.v1.events.list().data]
    assert amounts == [150_00, 100_00]


def test_each_currency_has_its_own_balance(client: stripe.StripeClient, fund: Fund) -> None:
    fund(1_00)
    client.raw_request("post", "/_sandbox/fund", amount=2_00, currency="EUR")
    balance = client.v1.balance.retrieve()
    assert [(each.currency, each.amount) for each in balance.available] == [("eur", 2_00), ("usd", 1_00)]


def test_balance_transactions_add_up_to_the_balance(client: stripe.StripeClient, paid_account: str) -> None:
    options: stripe.RequestOptions = {"stripe_account": paid_account}
    client.v1.payouts.create({"amount": 30_00, "currency": "usd"}, options)

    transactions = client.v1.balance_transactions.list({}, options).data
    assert [(each.type, each.amount) for each in transactions] == [("payout", -30_00), ("payment", 100_00)]
    assert client.v1.balance.retrieve({}, options).available[0].amount == 70_00


def test_transactions_of_a_manual_bank_payout_cannot_be_listed(
    client: stripe.StripeClient, paid_account: str
) -> None:
    options: stripe.RequestOptions = {"stripe_account": paid_account}
    payout = client.v1.payouts.create({"amount": 30_00, "currency": "usd"}, options)
    with pytest.raises(stripe.InvalidRequestError, match="not manual"):
        client.v1.balance_transactions.list({"payout": payout.id}, options)
    with pytest.raises(stripe.InvalidRequestError, match="No such payout"):
        client.v1.balance_transactions.list({"payout": "po_1"}, options)


def test_transfers_draw_on_money_from_cards_only(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    client.raw_request("post", "/_sandbox/fund", amount=5_00, currency="usd", source_type="bank_account")
    (held,) = client.v1.balance.retrieve().to_dict()["available"]
    assert held == {"amount": 5_00, "currency": "usd", "source_types": {"bank_account": 5_00}}
    fund(1_00)
    (held,) = client.v1.balance.retrieve().to_dict()["available"]
    assert held["source_types"] == {"card": 1_00, "bank_account": 5_00}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create({"amount": 1_01, "currency": "usd", "destination": account})
    assert refused.value.code == "balance_insufficient"
    client.v1.transfers.create({"amount": 1_00, "currency": "usd", "destination": account})


def test_the_platform_sees_what_accounts_owe(client: stripe.StripeClient, fund: Fund, account: str) -> None:
    fund(1_00)
    assert client.v1.balance.retrieve().to_dict()["connect_reserved"] == [{"amount": 0, "currency": "usd"}]
    client.raw_request("post", f"/_sandbox/accounts/{account}/adjust", amount=-3_00)
    assert client.v1.balance.retrieve().to_dict()["connect_reserved"] == [{"amount": 3_00, "currency": "usd"}]
    own = client.v1.balance.retrieve({}, {"stripe_account": account}).to_dict()
    assert own["instant_available"] == own["available"]


@pytest.mark.parametrize("kind", ADJUSTMENTS)
def test_balances_move_in_other_ways_too(
    client: stripe.StripeClient, fund: Fund, server: SandboxServer, kind: str
) -> None:
    fund(5_00)
    client.raw_request("post", f"/_sandbox/accounts/{server.platform}/adjust", amount=-2_00, type=kind)
    (moved, _) = client.v1.balance_transactions.list().data
    assert (moved.type, moved.amount) == (kind, -2_00)
