import http.client
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from sandbox.config import Config
from sandbox.server import SandboxServer

State = Callable[[], dict[str, Any]]


def test_the_state_has_all_objects_of_all_accounts(
    client: stripe.StripeClient, server: SandboxServer, paid_account: str, state: State
) -> None:
    client.v1.payouts.create({"amount": 40_00, "currency": "usd"}, {"stripe_account": paid_account})
    seen = state()

    assert seen["platform"] == server.platform
    assert [account["id"] for account in seen["accounts"]] == [server.platform, paid_account]
    assert [transfer["destination"] for transfer in seen["transfers"]] == [paid_account]
    assert [payout["amount"] for payout in seen["payouts"]] == [40_00]
    assert [charge["amount"] for charge in seen["charges"]] == [100_00]
    assert [each["amount"] for each in seen["balance_transactions"]] == [100_00, -100_00, 100_00, -40_00]
    assert seen["balances"][server.platform]["available"][0]["amount"] == 0
    assert seen["balances"][paid_account]["available"][0]["amount"] == 60_00
    assert "transfer.created" in [event["type"] for event in seen["events"]]
    assert seen["deliveries"] == []


def test_the_state_says_what_moved_on_which_account(
    client: stripe.StripeClient, server: SandboxServer, paid_account: str
) -> None:
    payout = client.v1.payouts.create({"amount": 40_00, "currency": "usd"}, {"stripe_account": paid_account})
    seen = client.raw_request("get", "/_sandbox/state?only[]=moves&only[]=deauthorized").data
    assert seen.keys() == {"moves", "deauthorized"}
    assert [(move["account"], move["type"], move["amount"]) for move in seen["moves"]] == [
        (server.platform, "topup", 100_00),
        (server.platform, "transfer", -100_00),
        (paid_account, "payment", 100_00),
        (paid_account, "payout", -40_00),
    ]
    assert seen["moves"][-1]["source"] == payout.id


def test_requests_are_counted_by_route(client: stripe.StripeClient, account: str, state: State) -> None:
    client.v1.accounts.retrieve(account)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.retrieve("tr_1")
    with pytest.raises(stripe.InvalidRequestError):
        client.raw_request("get", "/v1/magic")

    assert state()["requests"] == {
        "POST /v1/accounts": 1,
        "POST /_sandbox/accounts/{id}/complete": 1,
        "GET /v1/accounts/{id}": 1,
        "GET /v1/transfers/{id}": 1,
        "GET /v1/magic": 1,
        "GET /_sandbox/state": 1,
    }


def test_a_lost_answer_to_funding_can_be_replayed(client: stripe.StripeClient) -> None:
    for _ in range(2):
        client.raw_request("post", "/_sandbox/fund", amount=1_00, currency="usd", idempotency_key="one")
    assert client.v1.balance.retrieve().available[0].amount == 1_00


def test_onboarding_completed_is_an_event_of_the_account(client: stripe.StripeClient, account: str) -> None:
    (event,) = client.v1.events.list({}, {"stripe_account": account}).data
    assert event.type == "account.updated"
    assert event.data.object["payouts_enabled"] is True
    assert event.data.previous_attributes is not None
    assert event.data.previous_attributes["payouts_enabled"] is False


def test_an_unknown_account_cannot_be_completed(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.PermissionError):
        client.raw_request("post", "/_sandbox/accounts/acct_nobody/complete")


def test_control_takes_json_too(server: SandboxServer, config: Config, client: stripe.StripeClient) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    headers = {"Authorization": f"Bearer {config.api_key}", "Content-Type": "application/json"}
    connection.request("POST", "/_sandbox/fund", '{"amount": 100, "currency": "usd"}', headers)
    assert connection.getresponse().status == 200
    connection.close()
    assert client.v1.balance.retrieve().available[0].amount == 1_00
