"""Webhook endpoints can be listed and changed, and get what they ask for."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import stripe

from sandbox.config import API_VERSION, Config
from sandbox.server import SandboxServer


@pytest.fixture
def config(config: Config) -> Config:
    """Somebody is to be told, but nobody answers."""
    return replace(config, webhook_url="http://127.0.0.1:1/nobody", webhook_secrets=("whsec_1",))


def waiting(client: stripe.StripeClient) -> list[str]:
    """List the types of the events that wait for an endpoint."""
    events = client.raw_request("get", "/_sandbox/state", only=["events"]).data["events"]
    return [event["type"] for event in events if event["pending_webhooks"]]


def open_account(client: stripe.StripeClient) -> None:
    account = client.v1.accounts.create({"type": "express", "country": "US"})
    client.v1.accounts.update(account.id, {"email": "ada@example.com"})


def test_the_settings_make_one_endpoint_for_the_platform_and_one_for_connected_accounts(
    client: stripe.StripeClient,
) -> None:
    endpoints = client.v1.webhook_endpoints.list().data
    assert sorted(bool(endpoint.application) for endpoint in endpoints) == [False, True]
    assert {(endpoint.api_version, endpoint.status) for endpoint in endpoints} == {(API_VERSION, "enabled")}


def test_an_endpoint_gets_what_it_asks_for(client: stripe.StripeClient) -> None:
    open_account(client)
    assert waiting(client) == ["account.updated"]
    for endpoint in client.v1.webhook_endpoints.list().data:
        client.v1.webhook_endpoints.update(endpoint.id, {"enabled_events": ["payout.paid"]})
    open_account(client)
    assert waiting(client) == ["account.updated"]


def test_a_disabled_endpoint_gets_nothing(client: stripe.StripeClient) -> None:
    for endpoint in client.v1.webhook_endpoints.list().data:
        client.v1.webhook_endpoints.update(endpoint.id, {"disabled": bool(endpoint.application)})
    open_account(client)
    client.raw_request("post", "/_sandbox/fund", amount=1_00, currency="usd")
    assert waiting(client) == ["balance.available"]


def test_what_was_changed_about_an_endpoint_survives_a_restart(
    config: Config, connect: Callable[[str], stripe.StripeClient]
) -> None:
    with SandboxServer(config) as server:
        client = connect(server.url)
        (changed, kept) = client.v1.webhook_endpoints.list().data
        client.v1.webhook_endpoints.update(changed.id, {"disabled": True})
    with SandboxServer(replace(config, webhook_url="http://127.0.0.1:1/moved")) as server:
        endpoints = connect(server.url).v1.webhook_endpoints.list().data
    assert {endpoint.id: endpoint.status for endpoint in endpoints} == {
        changed.id: "disabled",
        kept.id: "enabled",
    }
    assert {endpoint.url for endpoint in endpoints} == {"http://127.0.0.1:1/moved"}


def test_an_endpoint_can_be_made_and_deleted(client: stripe.StripeClient) -> None:
    made = client.v1.webhook_endpoints.create({"url": "https://example.com/hook", "enabled_events": ["*"]})
    assert (made.status, made.application) == ("enabled", None)
    client.v1.webhook_endpoints.delete(made.id)
    assert made.id not in [endpoint.id for endpoint in client.v1.webhook_endpoints.list().data]


def test_the_platform_is_not_paid_out_by_itself(client: stripe.StripeClient) -> None:
    settings = client.v1.balance_settings.retrieve()
    assert settings.payments.payouts is not None
    assert settings.payments.payouts.schedule is not None
    assert settings.payments.payouts.schedule.interval == "manual"
