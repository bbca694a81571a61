"""Thin events: what is delivered, what has to be fetched, and who gets it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import stripe
from stripe.v2.core import Account

from sandbox.config import Config
from sandbox.server import SandboxServer
from tests.sandbox.receiver import CONNECT_SECRET, PLATFORM_SECRET, Receiver, wait_until

Open = Callable[..., Account]
Switch = Callable[..., None]
THIN_SECRETS = ("whsec_thin_self", "whsec_thin_accounts")
STATUS = "v2.core.account[configuration.recipient].capability_status_updated"


@pytest.fixture
def config(config: Config, endpoint: str) -> Config:
    return replace(
        config,
        webhook_url=endpoint,
        webhook_secrets=(PLATFORM_SECRET, CONNECT_SECRET),
        thin_secrets=THIN_SECRETS,
    )


def types(client: stripe.StripeClient, **params: Any) -> list[str]:
    """The types of all events, oldest first."""
    events = client.v2.core.events.list({"limit": 3, **params}).auto_paging_iter()  # type: ignore[arg-type]
    return [event.type for event in events][::-1]


@pytest.mark.parametrize(("origin", "secret"), [("@self", THIN_SECRETS[0]), ("@accounts", THIN_SECRETS[1])])
def test_an_event_names_its_account_and_no_more(
    client: stripe.StripeClient, open_v2: Open, receiver: Receiver, origin: str, secret: str
) -> None:
    client.raw_request("post", "/_sandbox/switches", thin_events_from=origin)
    account = open_v2({"idempotency_key": "opening:42"})
    body, signature = receiver.notified_of("v2.core.account.created")
    event = client.parse_event_notification(body, signature, secret)
    assert event.type == "v2.core.account.created"
    delivered = json.loads(body)
    assert delivered.keys() == {
        *("id", "object", "type", "livemode", "created", "context", "reason", "related_object"),
    }
    assert delivered["context"] == (account.id if origin == "@accounts" else None)
    assert delivered["reason"]["request"]["idempotency_key"] == "opening:42"
    assert delivered["related_object"] == {
        "id": account.id,
        "type": "v2.core.account",
        "url": f"/v2/core/accounts/{account.id}",
    }


@pytest.mark.parametrize("origin", ["@self", "@accounts"])
def test_what_changed_is_fetched(
    client: stripe.StripeClient, open_v2: Open, receiver: Receiver, switch: Switch, origin: str
) -> None:
    switch(thin_events_from=origin)
    account = open_v2()
    client.raw_request("post", f"/_sandbox/accounts/{account.id}/complete")
    body, signature = receiver.notified_of(STATUS)
    notification = client.parse_event_notification(
        body, signature, THIN_SECRETS[0 if origin == "@self" else 1]
    )
    fetched = notification.fetch_event().to_dict()
    assert fetched["data"]["updated_capability"] in (
        "stripe_balance.stripe_transfers",
        "stripe_balance.payouts",
    )


def test_accounts_of_v2_send_no_snapshots_of_themselves(
    client: stripe.StripeClient, open_v2: Open, receiver: Receiver, switch: Switch
) -> None:
    account = open_v2().id
    client.raw_request("post", f"/_sandbox/accounts/{account}/complete")
    receiver.notified_of(STATUS)
    assert client.v1.events.list({}, {"stripe_account": account}).data == []
    switch(account_updated_for_v2=True)
    client.raw_request("post", f"/_sandbox/accounts/{account}/restrict")
    kinds = [event.type for event in client.v1.events.list({}, {"stripe_account": account}).data]
    assert kinds == ["capability.updated", "account.updated"]


def test_their_bank_accounts_and_payouts_are_told_by_snapshots(
    client: stripe.StripeClient, open_v2: Open, receiver: Receiver
) -> None:
    account = open_v2().id
    client.raw_request("post", f"/_sandbox/accounts/{account}/complete")
    client.raw_request("post", f"/_sandbox/accounts/{account}/adjust", amount=1_00)
    client.v1.payouts.create({"amount": 1_00, "currency": "eur"}, {"stripe_account": account})
    client.raw_request("post", f"/_sandbox/accounts/{account}/bank_account")
    assert receiver.wait_for("payout.paid").account == account
    assert receiver.wait_for("account.external_account.created").account == account


def test_each_part_that_changes_is_an_event(client: stripe.StripeClient, open_v2: Open) -> None:
    account = open_v2().id
    client.v2.core.accounts.update(account, {"display_name": "Lovelace"})
    client.v2.core.accounts.update(account, {"display_name": "Lovelace"})
    client.v2.core.accounts.update(account, {"identity": {"entity_type": "company"}})
    client.v2.core.accounts.update(account, {"defaults": {"currency": "usd"}})
    client.raw_request("post", f"/_sandbox/accounts/{account}/complete")
    client.v2.core.accounts.close(account, {"applied_configurations": ["recipient"]})
    assert types(client) == [
        "v2.core.account.created",
        "v2.core.account.updated",
        "v2.core.account[identity].updated",
        "v2.core.account[defaults].updated",
        "v2.core.account[requirements].updated",
        "v2.core.account[configuration.recipient].updated",
        STATUS,
        STATUS,
        "v2.core.account[configuration.recipient].updated",
        STATUS,
        STATUS,
        "v2.core.account.closed",
    ]


def test_a_lost_creation_is_found_by_its_key(client: stripe.StripeClient, open_v2: Open) -> None:
    made = {key: open_v2({"idempotency_key": key}).id for key in ("opening:1", "opening:2")}
    events = client.v2.core.events.list(
        {"types": ["v2.core.account.created"], "created": {"gte": "2026-01-01T00:00:00Z"}}
    )
    told = [event.to_dict() for event in events.data]
    found = {event["reason"]["request"]["idempotency_key"]: event["related_object"]["id"] for event in told}
    assert found == made


def test_events_can_be_chosen(
    client: stripe.StripeClient, open_v2: Open, advance: Callable[[int], float]
) -> None:
    first, second = open_v2().id, open_v2().id
    (created,) = client.v2.core.events.list({"object_id": second}).data
    assert created.type == "v2.core.account.created"
    assert types(client, created={"gt": created.created}) == []
    assert types(client, created={"lte": created.created}) == ["v2.core.account.created"] * 2
    assert types(client, types=["v2.core.account.closed"]) == []
    with pytest.raises(stripe.InvalidRequestError):
        client.v2.core.events.list({"created": {"gt": "yesterday"}})
    advance(31 * 24 * 60 * 60)
    assert types(client, object_id=first) == []
    with pytest.raises(stripe.InvalidRequestError):
        client.v2.core.events.retrieve(created.id)


def test_a_thin_event_can_be_resent(client: stripe.StripeClient, open_v2: Open, receiver: Receiver) -> None:
    open_v2()
    body, _ = receiver.notified_of("v2.core.account.created")
    client.raw_request("post", f"/_sandbox/events/{json.loads(body)['id']}/resend")
    wait_until(lambda: [each[0] for each in receiver.taken].count(body) == 2)


def test_a_test_event_comes_to_a_destination_too(
    client: stripe.StripeClient, open_v2: Open, receiver: Receiver
) -> None:
    client.raw_request("post", "/_sandbox/webhooks", rules=[{"kind": "other_mode"}])
    open_v2()
    wait_until(lambda: {event["livemode"] for event in receiver.bodies()} == {True, False})


def test_a_destination_has_its_own_secret_shown_once(
    client: stripe.StripeClient, receiver: Receiver, open_v2: Open, endpoint: str
) -> None:
    secret = "webhook_endpoint.signing_secret"
    made = client.v2.core.event_destinations.create(
        {
            "name": "Closed accounts",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["v2.core.account.closed"],
            "webhook_endpoint": {"url": endpoint},
            "include": [secret],
        }
    )
    assert made.webhook_endpoint is not None
    assert made.webhook_endpoint.signing_secret is not None
    assert client.v2.core.event_destinations.retrieve(made.id).webhook_endpoint is None
    listed = client.v2.core.event_destinations.list({"include": ["webhook_endpoint.url"]}).data
    assert {each.webhook_endpoint and each.webhook_endpoint.url for each in listed} == {endpoint}
    assert [each.events_from for each in listed] == [["@self"], ["@accounts"], ["@self"]]

    client.v2.core.event_destinations.ping(made.id)
    body, signature = receiver.notified_of("v2.core.event_destination.ping")
    pinged = client.parse_event_notification(body, signature, made.webhook_endpoint.signing_secret)
    assert pinged.type == "v2.core.event_destination.ping"

    client.v2.core.event_destinations.disable(made.id)
    account = open_v2().id
    client.v2.core.accounts.close(account, {"applied_configurations": ["recipient"]})
    receiver.notified_of("v2.core.account.closed")
    assert [event["type"] for event in receiver.bodies()].count("v2.core.account.closed") == 1


def test_an_undelivered_thin_event_is_delivered_after_a_restart(
    config: Config, connect: Callable[[str], stripe.StripeClient], receiver: Receiver
) -> None:
    nobody = replace(config, webhook_url="http://127.0.0.1:1/nobody", thin_secrets=("whsec_old",))
    with SandboxServer(nobody) as server:
        account = connect(server.url).v2.core.accounts.create({"identity": {"country": "de"}})
    with SandboxServer(replace(config, thin_secrets=("whsec_new",))) as server:
        body, signature = receiver.notified_of("v2.core.account.created")
        event = connect(server.url).parse_event_notification(body, signature, "whsec_new")
        assert event.type == "v2.core.account.created"
    assert account.id in body
