"""Accounts that Stripe restricts, and accounts that leave."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import stripe

from sandbox.config import Config
from sandbox.standing import REASONS

Fund = Callable[[int], None]
State = Callable[[], dict[str, Any]]


@pytest.fixture
def config(config: Config) -> Config:
    """Somebody is to be told, but nobody answers."""
    return replace(config, webhook_url="http://127.0.0.1:1/nobody", webhook_secrets=("whsec_1",))


def ask(client: stripe.StripeClient, account: str, what: str, **params: Any) -> None:
    client.raw_request("post", f"/_sandbox/accounts/{account}/{what}", **params)


def send(client: stripe.StripeClient, account: str) -> stripe.Transfer:
    return client.v1.transfers.create({"amount": 1_00, "currency": "usd", "destination": account})


@pytest.mark.parametrize("reason", REASONS)
def test_a_restricted_account_takes_no_transfers_and_pays_nothing_out(
    client: stripe.StripeClient, fund: Fund, paid_account: str, reason: str
) -> None:
    fund(1_00)
    ask(client, paid_account, "restrict", disabled_reason=reason)
    account = client.v1.accounts.retrieve(paid_account)
    assert account.requirements is not None
    assert (account.payouts_enabled, account.requirements.disabled_reason) == (False, reason)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        send(client, paid_account)
    assert refused.value.code == "insufficient_capabilities_for_transfer"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payouts.create({"amount": 1_00, "currency": "usd"}, {"stripe_account": paid_account})
    assert refused.value.code == "payouts_not_allowed"


def test_an_account_that_is_enabled_again_can_do_all_it_could(
    client: stripe.StripeClient, fund: Fund, paid_account: str
) -> None:
    fund(1_00)
    before = client.v1.accounts.retrieve(paid_account).to_dict()
    ask(client, paid_account, "restrict")
    ask(client, paid_account, "enable")
    after = client.v1.accounts.retrieve(paid_account).to_dict()
    changed = {"tos_acceptance"}  # accepted anew
    assert {name for name in before if before[name] != after[name]} <= changed
    send(client, paid_account)


def test_a_changed_capability_is_two_events(
    client: stripe.StripeClient, fund: Fund, paid_account: str
) -> None:
    fund(1_00)
    ask(client, paid_account, "capabilities", transfers="inactive")
    with pytest.raises(stripe.InvalidRequestError):
        send(client, paid_account)
    ask(client, paid_account, "capabilities", transfers="active")
    send(client, paid_account)

    options: stripe.RequestOptions = {"stripe_account": paid_account}
    events = client.v1.events.list({"type": "capability.updated"}, options).data
    assert [(event.data.object["id"], event.data.object["status"]) for event in events] == [
        ("transfers", "active"),
        ("transfers", "inactive"),
    ]
    updated = client.v1.events.list({"type": "account.updated", "limit": 2}, options).data
    assert [event.data.object["capabilities"]["transfers"] for event in updated] == ["active", "inactive"]


def test_a_capability_that_was_never_requested_does_not_change(
    client: stripe.StripeClient, account: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="never requested card_payments"):
        ask(client, account, "capabilities", card_payments="active")


def test_nothing_of_a_disconnected_account_is_accessible(
    client: stripe.StripeClient, fund: Fund, paid_account: str, state: State
) -> None:
    fund(1_00)
    (transfer,) = client.v1.transfers.list().data
    ask(client, paid_account, "deauthorize")

    options: stripe.RequestOptions = {"stripe_account": paid_account}
    for refused_call in (
        lambda: client.v1.accounts.retrieve(paid_account),
        lambda: client.v1.balance.retrieve({}, options),
        lambda: client.v1.payouts.create({"amount": 1, "currency": "usd"}, options),
        lambda: client.v1.transfers.reversals.create(transfer.id),
    ):
        with pytest.raises(stripe.PermissionError) as forbidden:
            refused_call()
        assert (forbidden.value.http_status, forbidden.value.error and forbidden.value.error.code) == (
            403,
            "account_invalid",
        )
    with pytest.raises(stripe.InvalidRequestError, match="No such destination"):
        send(client, paid_account)
    assert client.v1.accounts.list().data == []
    assert state()["deauthorized"] == [paid_account]


def test_the_disconnection_is_the_last_event(
    client: stripe.StripeClient, paid_account: str, advance: Callable[[int], float], state: State
) -> None:
    client.v1.payouts.create({"amount": 1_00, "currency": "usd"}, {"stripe_account": paid_account})
    ask(client, paid_account, "deauthorize")
    advance(60)

    seen = state()
    assert seen["payouts"][0]["status"] == "paid"
    told = {delivery["event_id"] for delivery in seen["deliveries"]}
    events = [event for event in seen["events"] if event.get("account") == paid_account]
    last = [event for event in events if event["id"] in told][-1]
    assert (last["type"], last["data"]["object"]["object"]) == (
        "account.application.deauthorized",
        "application",
    )
    assert events[-1]["type"] == "payout.paid"
