import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import stripe

from sandbox.config import Config
from sandbox.server import SandboxServer
from tests.sandbox.receiver import CONNECT_SECRET, PLATFORM_SECRET, Receiver, wait_until

Fund = Callable[[int], None]
State = Callable[[], dict[str, Any]]


@pytest.fixture
def config(config: Config, endpoint: str) -> Config:
    return replace(config, webhook_url=endpoint, webhook_secrets=(PLATFORM_SECRET, CONNECT_SECRET))


def test_platform_events_are_signed_with_the_first_secret(
    client: stripe.StripeClient, fund: Fund, receiver: Receiver
) -> None:
    fund(100_00)
    event = receiver.wait_for("balance.available")
    assert "account" not in event
    assert client.v1.events.retrieve(event.id).type == "balance.available"


def test_events_of_connected_accounts_are_signed_with_the_second(
    client: stripe.StripeClient, paid_account: str, receiver: Receiver
) -> None:
    event = receiver.wait_for("account.updated")
    assert event.account == paid_account
    assert event.data.object["id"] == paid_account
    client.v1.payouts.create({"amount": 10_00, "currency": "usd"}, {"stripe_account": paid_account})
    for event_type in ("payout.created", "payout.updated", "payout.paid"):
        assert receiver.wait_for(event_type).account == paid_account


def test_one_secret_signs_both(
    config: Config, connect: Callable[[str], stripe.StripeClient], receiver: Receiver
) -> None:
    with SandboxServer(replace(config, webhook_secrets=(CONNECT_SECRET,))) as server:
        client = connect(server.url)
        client.raw_request("post", "/_sandbox/fund", amount=1, currency="usd")
        wait_until(lambda: bool(receiver.taken))
    body, signature = receiver.taken[0]
    stripe.Webhook.construct_event(body, signature, CONNECT_SECRET)


def test_an_event_names_the_request_that_caused_it(
    client: stripe.StripeClient, fund: Fund, account: str, receiver: Receiver
) -> None:
    fund(100_00)
    transfer = client.v1.transfers.create(
        {"amount": 1_00, "currency": "usd", "destination": account}, {"idempotency_key": "one"}
    )
    event = receiver.wait_for("transfer.created").to_dict()
    assert transfer.last_response is not None
    assert event["request"] == {"id": transfer.last_response.request_id, "idempotency_key": "one"}
    assert event["data"]["object"] == transfer.to_dict()


def test_an_event_is_pending_until_it_is_accepted(
    client: stripe.StripeClient, fund: Fund, receiver: Receiver
) -> None:
    fund(100_00)
    event = receiver.wait_for("balance.available")
    assert event.pending_webhooks == 1
    wait_until(lambda: client.v1.events.retrieve(event.id).pending_webhooks == 0)


@pytest.mark.full
def test_a_refused_event_is_redelivered_until_it_is_accepted(
    client: stripe.StripeClient, fund: Fund, receiver: Receiver, state: State
) -> None:
    receiver.refusals = 2
    fund(100_00)
    event = receiver.wait_for("balance.available")

    assert receiver.asked == 3
    wait_until(lambda: client.v1.events.retrieve(event.id).pending_webhooks == 0)
    (delivery,) = state()["deliveries"]
    assert (delivery["event_id"], delivery["attempts"], delivery["last_status"]) == (event.id, 3, 200)
    # One second after the first refusal, and two after the second.
    assert delivery["delivered_at"] - delivery["created_at"] >= 3


def test_an_accepted_event_is_not_delivered_again(fund: Fund, receiver: Receiver, state: State) -> None:
    fund(100_00)
    wait_until(lambda: state()["deliveries"][0]["delivered_at"] is not None)
    time.sleep(0.2)
    assert receiver.asked == 1


def test_an_undelivered_event_is_delivered_after_a_restart(
    config: Config, connect: Callable[[str], stripe.StripeClient], receiver: Receiver
) -> None:
    with SandboxServer(replace(config, webhook_url="http://127.0.0.1:1/nobody")) as server:
        client = connect(server.url)
        client.raw_request("post", "/_sandbox/fund", amount=1, currency="usd")

        def attempts() -> int:
            return int(client.raw_request("get", "/_sandbox/state").data["deliveries"][0]["attempts"])

        wait_until(lambda: attempts() > 0)
    with SandboxServer(config):
        receiver.wait_for("balance.available")


def test_broken_text_is_signed_as_it_is_sent(
    client: stripe.StripeClient, account: str, receiver: Receiver
) -> None:
    client.raw_request("post", "/_sandbox/webhooks", rules=[{"kind": "broken_text"}])
    client.raw_request("post", f"/_sandbox/accounts/{account}/bank_account/edit", account_holder_name="Jo")
    event = receiver.wait_for("account.external_account.updated")
    assert event.data.object["account_holder_name"] == "Jo\ud83d\x00"
    listed = client.v1.events.retrieve(event.id, {}, {"stripe_account": account})
    assert listed.data.object["account_holder_name"] == "Jo\ud83d\x00"


def test_a_replayed_request_makes_no_second_event(
    client: stripe.StripeClient, fund: Fund, account: str, state: State
) -> None:
    fund(100_00)
    for _ in range(2):
        client.v1.transfers.create(
            {"amount": 1_00, "currency": "usd", "destination": account}, {"idempotency_key": "one"}
        )
    assert [event["type"] for event in state()["events"]].count("transfer.created") == 1


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_1", "")])
def test_webhooks_are_never_signed_with_an_empty_secret(config: Config, secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="need a secret"):
        replace(config, webhook_secrets=secrets)


class TestRules:
    """Each top-up is one event: `balance.available`."""

    @pytest.fixture
    def rule(self, client: stripe.StripeClient) -> Callable[..., None]:
        def rule(*rules: dict[str, Any]) -> None:
            client.raw_request("post", "/_sandbox/webhooks", rules=list(rules))

        return rule

    def test_a_dropped_event_is_listed_and_can_be_sent_again(
        self, client: stripe.StripeClient, fund: Fund, receiver: Receiver, rule: Callable[..., None]
    ) -> None:
        rule({"kind": "drop", "count": 1})
        fund(1_00)
        fund(2_00)
        wait_until(lambda: len(receiver.taken) == 1)
        taken, dropped = client.v1.events.list().data
        assert json.loads(receiver.taken[0][0])["id"] == taken.id
        client.raw_request("post", f"/_sandbox/events/{dropped.id}/resend")
        wait_until(lambda: len(receiver.taken) == 2)
        assert json.loads(receiver.taken[1][0])["id"] == dropped.id
        assert client.raw_request("post", "/_sandbox/webhooks/resend").data["resent"] == []

    def test_all_lost_events_can_be_sent_again(
        self, client: stripe.StripeClient, fund: Fund, receiver: Receiver, rule: Callable[..., None]
    ) -> None:
        rule({"kind": "drop"})
        for amount in (1_00, 2_00, 3_00):
            fund(amount)
        lost = client.raw_request("post", "/_sandbox/webhooks/resend").data["resent"]
        assert lost == [event.id for event in client.v1.events.list().data][::-1]
        wait_until(lambda: {json.loads(body)["id"] for body, _ in receiver.taken} == set(lost))

    def test_a_doubled_event_comes_twice(
        self, fund: Fund, receiver: Receiver, rule: Callable[..., None]
    ) -> None:
        rule({"kind": "double", "type": r"balance\..*"})
        fund(1_00)
        wait_until(lambda: len(receiver.taken) == 2)
        first, second = (json.loads(body)["id"] for body, _ in receiver.taken)
        assert first == second

    def test_a_connected_accounts_event_can_come_with_one_of_the_other_mode(
        self,
        client: stripe.StripeClient,
        paid_account: str,
        receiver: Receiver,
        rule: Callable[..., None],
    ) -> None:
        rule({"kind": "other_mode", "type": r"payout\.created|balance\.available"})
        client.v1.payouts.create({"amount": 10_00, "currency": "usd"}, {"stripe_account": paid_account})
        client.raw_request("post", "/_sandbox/fund", amount=1, currency="usd")

        def created() -> list[dict[str, Any]]:
            events = [json.loads(body) for body, _ in receiver.taken]
            return sorted(
                (event for event in events if event["type"] == "payout.created"),
                key=lambda event: bool(event["livemode"]),
            )

        receiver.wait_for("balance.available")
        wait_until(lambda: len(created()) == 2)
        ours, other = created()
        assert (ours["livemode"], other["livemode"]) == (False, True)
        assert (ours["id"] != other["id"], other["data"]) == (True, ours["data"])
        listed = client.v1.events.list({"type": "payout.created"}, {"stripe_account": paid_account})
        assert [event.id for event in listed.data] == [ours["id"]]
        assert all(
            "account" in json.loads(body) for body, _ in receiver.taken if json.loads(body)["livemode"]
        )

    def test_a_rule_hits_only_its_types(
        self, fund: Fund, receiver: Receiver, rule: Callable[..., None]
    ) -> None:
        rule({"kind": "drop", "type": "payout"}, {"kind": "drop", "type": r"payout\..*"})
        fund(1_00)
        receiver.wait_for("balance.available")

    def test_a_delayed_event_is_delivered_when_due(
        self,
        client: stripe.StripeClient,
        fund: Fund,
        receiver: Receiver,
        rule: Callable[..., None],
        advance: Callable[[int], float],
    ) -> None:
        rule({"kind": "delay", "seconds": 3600, "count": 1})
        fund(1_00)
        fund(2_00)
        wait_until(lambda: len(receiver.taken) == 1)
        advance(3600)
        wait_until(lambda: len(receiver.taken) == 2)
        late = json.loads(receiver.taken[1][0])
        assert late["id"] == client.v1.events.list().data[1].id

    def test_the_order_is_repeatable_by_its_seed(
        self, config: Config, connect: Callable[[str], stripe.StripeClient]
    ) -> None:
        def order(seed: int, folder: str) -> list[int]:
            with SandboxServer(replace(config, seed=seed, state=config.state / folder)) as server:
                client = connect(server.url)
                rules = [{"kind": "reorder", "seconds": 10_000, "probability": 0.5}]
                client.raw_request("post", "/_sandbox/webhooks", rules=rules)
                for _ in range(20):
                    client.raw_request("post", "/_sandbox/fund", amount=1, currency="usd")
                made = client.raw_request("get", "/_sandbox/state").data["deliveries"]
            late = [round(each["due_at"] - each["created_at"]) if each["due_at"] else 0 for each in made]
            assert 0 < late.count(0) < 20
            return sorted(range(20), key=lambda each: late[each])

        first = order(1, "first")
        assert order(1, "second") == first
        assert first != list(range(20))
        assert order(2, "third") != first

    def test_without_rules_everything_is_delivered_again(
        self, client: stripe.StripeClient, fund: Fund, receiver: Receiver, rule: Callable[..., None]
    ) -> None:
        rule({"kind": "drop"})
        client.raw_request("post", "/_sandbox/webhooks")
        fund(1_00)
        receiver.wait_for("balance.available")

    @pytest.mark.parametrize(
        ("rule", "param"),
        [
            ({"kind": "lose"}, "rules[0][kind]"),
            ({"kind": "delay"}, "rules[0][seconds]"),
            ({"kind": "reorder"}, "rules[0][seconds]"),
            ({"kind": "drop", "type": "("}, "rules[0][type]"),
            ({"kind": "drop", "when": "tomorrow"}, "rules[0][when]"),
        ],
    )
    def test_an_invalid_rule_is_refused(
        self, client: stripe.StripeClient, rule: dict[str, Any], param: str
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.raw_request("post", "/_sandbox/webhooks", rules=[rule])
        assert refused.value.param == param
