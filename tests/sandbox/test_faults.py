"""Each kind of fault, on the wire."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import stripe

from sandbox.config import Config
from sandbox.server import SandboxServer

Fund = Callable[[int], None]
Inject = Callable[..., None]
State = Callable[[], dict[str, Any]]


def send(client: stripe.StripeClient, account: str) -> stripe.Transfer:
    return client.v1.transfers.create({"amount": 10_00, "currency": "usd", "destination": account})


def statuses(client: stripe.StripeClient, times: int) -> list[int]:
    """Read the balance so many times, and return each status."""

    def read(_: int) -> int:
        try:
            client.v1.balance.retrieve()
        except stripe.StripeError as error:
            return error.http_status or 0
        return 200

    return [read(each) for each in range(times)]


def test_a_status_has_stripes_wording(client: stripe.StripeClient, account: str, inject: Inject) -> None:
    inject(
        {"kind": "status", "status": 429, "code": "lock_timeout", "message": "Busy.", "should_retry": True}
    )
    with pytest.raises(stripe.RateLimitError, match="Busy") as refused:
        send(client, account)
    assert refused.value.error is not None
    assert (refused.value.error.code, refused.value.error.type) == ("lock_timeout", "invalid_request_error")
    assert refused.value.headers is not None
    assert refused.value.headers["Stripe-Should-Retry"] == "true"


def test_a_count_is_exact_and_counted(client: stripe.StripeClient, inject: Inject, state: State) -> None:
    inject({"kind": "status", "status": 503, "count": 3})
    assert statuses(client, 10) == [503] * 3 + [200] * 7
    assert state()["faults"] == {"status": 3}
    assert state()["requests"]["GET /v1/balance"] == 10


def test_a_fault_can_spare_the_first_requests(client: stripe.StripeClient, inject: Inject) -> None:
    inject({"kind": "status", "status": 503, "path": "/v1/balance", "after": 2, "count": 1})
    client.v1.transfers.list()
    for _ in range(2):
        client.v1.balance.retrieve()
    with pytest.raises(stripe.APIError):
        client.v1.balance.retrieve()
    client.v1.balance.retrieve()


def test_a_count_is_exact_under_concurrency(
    client: stripe.StripeClient, inject: Inject, state: State
) -> None:
    inject({"kind": "status", "status": 503, "count": 7})
    with ThreadPoolExecutor(8) as pool:
        seen = [status for each in pool.map(lambda _: statuses(client, 5), range(8)) for status in each]
    assert (seen.count(503), seen.count(200)) == (7, 33)
    assert state()["faults"] == {"status": 7}


def test_a_rule_hits_only_its_method_and_path(
    client: stripe.StripeClient, fund: Fund, account: str, inject: Inject
) -> None:
    fund(100_00)
    inject({"kind": "status", "status": 500, "method": "POST", "path": "/v1/transfers"})
    with pytest.raises(stripe.APIError):
        send(client, account)
    assert client.v1.transfers.list().data == []
    assert client.v1.accounts.retrieve(account).id == account


def test_control_endpoints_are_never_hit_and_can_clear_the_rules(
    client: stripe.StripeClient, inject: Inject
) -> None:
    inject({"kind": "status", "status": 500})
    assert statuses(client, 1) == [500]
    client.raw_request("delete", "/_sandbox/faults")
    assert statuses(client, 1) == [200]


def test_new_rules_replace_the_old(client: stripe.StripeClient, inject: Inject) -> None:
    inject({"kind": "status", "status": 500})
    inject({"kind": "status", "status": 502})
    assert statuses(client, 1) == [502]


def test_the_first_rule_that_hits_wins(client: stripe.StripeClient, inject: Inject) -> None:
    inject({"kind": "status", "status": 500, "count": 1}, {"kind": "status", "status": 502, "count": 2})
    assert statuses(client, 4) == [500, 502, 502, 200]


def test_chance_is_repeatable_by_its_seed(
    config: Config, connect: Callable[[str], stripe.StripeClient]
) -> None:
    def strikes(seed: int, folder: str) -> list[int]:
        with SandboxServer(replace(config, seed=seed, state=config.state / folder)) as server:
            client = connect(server.url)
            rule = {"kind": "status", "status": 500, "probability": 0.3}
            client.raw_request("post", "/_sandbox/faults", rules=[rule])
            return statuses(client, 50)

    first = strikes(1, "first")
    assert strikes(1, "second") == first
    assert strikes(2, "third") != first
    assert 0 < first.count(500) < 30


def test_a_timeout_before_the_work_leaves_nothing_done(
    client: stripe.StripeClient, fund: Fund, account: str, inject: Inject
) -> None:
    fund(100_00)
    inject({"kind": "timeout", "seconds": 0.2, "method": "POST", "path": "/v1/transfers"})
    started = time.monotonic()
    with pytest.raises(stripe.APIConnectionError):
        send(client, account)
    assert time.monotonic() - started >= 0.2
    assert client.v1.transfers.list().data == []


@pytest.mark.parametrize(
    "rule", [{"kind": "timeout", "seconds": 0.1, "after_work": True}, {"kind": "drop_response_after_work"}]
)
def test_an_answer_lost_after_the_work_leaves_it_done_and_the_key_replays_it(
    client: stripe.StripeClient, fund: Fund, account: str, inject: Inject, rule: dict[str, Any]
) -> None:
    fund(100_00)
    inject({**rule, "method": "POST", "path": "/v1/transfers", "count": 1})
    params: stripe.params.TransferCreateParams = {"amount": 10_00, "currency": "usd", "destination": account}
    with pytest.raises(stripe.APIConnectionError):
        client.v1.transfers.create(params, {"idempotency_key": "one"})

    (done,) = client.v1.transfers.list().data
    assert client.v1.transfers.create(params, {"idempotency_key": "one"}).id == done.id


def test_a_reset_connection_did_no_work(
    client: stripe.StripeClient, fund: Fund, account: str, inject: Inject
) -> None:
    fund(100_00)
    inject({"kind": "connection_reset", "method": "POST", "path": "/v1/transfers", "count": 1})
    with pytest.raises(stripe.APIConnectionError, match="reset by peer"):
        send(client, account)
    assert client.v1.transfers.list().data == []
    assert send(client, account).amount == 10_00


def test_a_client_that_retries_gets_through_resets_and_drops_with_one_transfer(
    client: stripe.StripeClient, fund: Fund, account: str, inject: Inject
) -> None:
    fund(100_00)
    only: dict[str, Any] = {"method": "POST", "path": "/v1/transfers", "count": 1}
    inject({"kind": "connection_reset", **only}, {"kind": "drop_response_after_work", **only})
    client.v1.transfers.create(
        {"amount": 10_00, "currency": "usd", "destination": account}, {"max_network_retries": 2}
    )
    assert len(client.v1.transfers.list().data) == 1


def test_latency_comes_on_top_of_another_fault(
    client: stripe.StripeClient, account: str, inject: Inject, state: State
) -> None:
    inject({"kind": "latency_ms", "latency_ms": 200}, {"kind": "abort_work", "status": 500})
    started = time.monotonic()
    with pytest.raises(stripe.APIError):
        send(client, account)
    assert time.monotonic() - started >= 0.2
    assert state()["faults"] == {"latency_ms": 1, "abort_work": 1}


def test_above_the_rate_limit_the_answer_is_429_without_an_immediate_retry(
    client: stripe.StripeClient, inject: Inject
) -> None:
    inject({"kind": "rate_limit_per_second", "rate_limit_per_second": 5, "path": "/v1/balance"})
    assert statuses(client, 8) == [200] * 5 + [429] * 3
    with pytest.raises(stripe.RateLimitError) as refused:
        client.v1.balance.retrieve()
    assert refused.value.error is not None
    assert refused.value.error.code == "rate_limit"
    assert refused.value.headers is not None
    assert refused.value.headers["Stripe-Should-Retry"] == "false"


@pytest.mark.parametrize(
    ("rule", "param"),
    [
        ({"kind": "gremlins"}, "rules[0][kind]"),
        ({"kind": "status"}, "rules[0][status]"),
        ({"kind": "timeout"}, "rules[0][seconds]"),
        ({"kind": "latency_ms"}, "rules[0][latency_ms]"),
        ({"kind": "rate_limit_per_second"}, "rules[0][rate_limit_per_second]"),
        ({"kind": "connection_reset", "path": "("}, "rules[0][path]"),
        ({"kind": "connection_reset", "when": "tomorrow"}, "rules[0][when]"),
    ],
)
def test_an_invalid_rule_is_refused(
    client: stripe.StripeClient, inject: Inject, rule: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        inject(rule)
    assert refused.value.param == param
    assert statuses(client, 1) == [200]


def test_a_connection_that_is_held_does_not_hold_up_the_stop(
    config: Config, connect: Callable[[str], stripe.StripeClient]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with SandboxServer(config) as server:
            client = connect(server.url)
            client.raw_request("post", "/_sandbox/faults", rules=[{"kind": "timeout", "seconds": 600}])
            held = pool.submit(client.v1.balance.retrieve)
            while "timeout" not in client.raw_request("get", "/_sandbox/state").data["faults"]:
                time.sleep(0.01)
        assert isinstance(held.exception(timeout=10), stripe.APIConnectionError)


def test_broken_text_is_in_what_people_wrote_and_nowhere_else(
    client: stripe.StripeClient, account: str, inject: Inject, state: State
) -> None:
    whole = client.v1.accounts.retrieve(account).to_dict()
    inject({"kind": "broken_text"}, {"kind": "latency_ms", "latency_ms": 1})
    broken = client.v1.accounts.retrieve(account).to_dict()
    assert broken["metadata"] == {"note": "\ud83d\x00"}
    bank = broken["external_accounts"]["data"][0]
    assert bank["bank_name"] == "STRIPE TEST BANK\ud83d\x00"
    assert (broken["id"], bank["id"]) == (account, whole["external_accounts"]["data"][0]["id"])
    assert state()["faults"] == {"broken_text": 1, "latency_ms": 1}


def test_broken_text_comes_on_top_of_a_refusal(client: stripe.StripeClient, inject: Inject) -> None:
    inject({"kind": "broken_text"}, {"kind": "status", "status": 402, "message": "No."})
    with pytest.raises(stripe.StripeError) as refused:
        client.v1.balance.retrieve()
    assert refused.value.user_message == "No.\ud83d\x00"


def test_a_refusal_can_come_without_a_code(client: stripe.StripeClient, inject: Inject) -> None:
    sentence = "This account requires further intervention"
    inject({"kind": "abort_work", "status": 400, "message": sentence, "path": "/v1/accounts"})
    with pytest.raises(stripe.InvalidRequestError, match=sentence) as refused:
        client.v1.accounts.create({"type": "express"})
    assert refused.value.code is None
