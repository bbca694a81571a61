"""What holds for every request, whatever it asks for."""

import base64
import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from sandbox.config import Config
from sandbox.ids import new_id
from sandbox.server import SandboxServer

Send = Callable[..., tuple[int, dict[str, str], dict[str, Any]]]


@pytest.fixture
def send(server: SandboxServer, config: Config) -> Send:
    """Send bytes as they are, and get status, headers and body."""

    def send(
        method: str, path: str, body: str = "", **headers: str
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        sent = {"Authorization": f"Bearer {config.api_key}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        connection.request(method, path, body, {name: value for name, value in sent.items() if value})
        response = connection.getresponse()
        answer = response.status, dict(response.getheaders()), json.loads(response.read())
        connection.close()
        return answer

    return send


def test_every_answer_has_an_id_of_its_own_and_echoes_the_version(send: Send) -> None:
    _, first, _ = send("GET", "/v1/balance", Stripe_Version="2024-06-20")
    status, second, _ = send("GET", "/v1/nothing")

    assert first["Request-Id"].startswith("req_")
    assert first["Stripe-Version"] == "2024-06-20"
    assert status == 404
    assert second["Request-Id"].startswith("req_")
    assert second["Request-Id"] != first["Request-Id"]


def test_without_a_key_every_request_is_refused(send: Send) -> None:
    status, headers, body = send("GET", "/v1/balance", Authorization="")
    assert status == 401
    assert headers["WWW-Authenticate"] == 'Basic realm="Stripe"'
    assert body["error"]["type"] == "invalid_request_error"
    assert body["error"]["message"].startswith("You did not provide an API key.")


@pytest.mark.parametrize("path", ["/v1/balance", "/_sandbox/state"])
def test_another_key_is_refused_and_not_repeated_in_full(send: Send, path: str) -> None:
    status, _, body = send("GET", path, Authorization="Bearer sk_test_1234567890abcdef")
    assert status == 401
    assert body["error"]["message"] == "Invalid API Key provided: sk_test_**********cdef"


def test_the_key_can_be_the_user_of_basic_authentication(send: Send, config: Config) -> None:
    credentials = base64.b64encode(f"{config.api_key}:".encode()).decode()
    assert send("GET", "/v1/balance", Authorization=f"Basic {credentials}")[0] == 200
    assert send("GET", "/v1/balance", Authorization="Basic !")[0] == 401


def test_an_unknown_url_is_named(send: Send) -> None:
    status, _, body = send("POST", "/v1/magic")
    assert status == 404
    assert body["error"]["message"].startswith("Unrecognized request URL (POST: /v1/magic).")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ("currency=usd&destination=acct_1", "parameter_missing", "amount"),
        ("amount=x&currency=usd&destination=acct_1", "parameter_invalid_integer", "amount"),
        ("amount=1.5&currency=usd&destination=acct_1", "parameter_invalid_integer", "amount"),
        ("amount=0&currency=usd&destination=acct_1", "parameter_invalid_integer", "amount"),
        ("amount=-5&currency=usd&destination=acct_1", "parameter_invalid_integer", "amount"),
        (f"amount={2**63}&currency=usd&destination=acct_1", "parameter_invalid_integer", "amount"),
        ("amount=&currency=usd&destination=acct_1", "parameter_invalid_empty", "amount"),
        ("amount=1&currency=usd&destination=acct_1&colour=red", "parameter_unknown", "colour"),
        ("amount=1&currency=usd&destination=acct_1&source_transaction=ch_1", "parameter_unknown", None),
        ("amount=1&currency=doubloon&destination=acct_1", None, "currency"),
        ("amount=1&amount[x]=1&currency=usd&destination=acct_1", None, "amount[x]"),
        ("amount=1&currency=usd&destination[x]=1", None, "destination"),
        ("amount=1&currency=usd&destination=acct_1&metadata=x", None, "metadata"),
        (f"amount=1&currency=usd&destination=acct_1&metadata[{'k' * 41}]=x", None, "metadata"),
        (f"amount=1&currency=usd&destination=acct_1&metadata[k]={'x' * 501}", None, "metadata[k]"),
        (f"amount=1&currency=usd&destination=acct_1&description={'x' * 5001}", None, "description"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(
    send: Send, body: str, code: str | None, param: str | None
) -> None:
    status, _, answer = send("POST", "/v1/transfers", body)
    assert status == 400
    assert answer["error"]["type"] == "invalid_request_error"
    assert answer["error"].get("code") == code
    assert param is None or answer["error"]["param"] == param


def test_a_bad_nested_parameter_is_named_with_its_path(send: Send) -> None:
    _, _, unknown = send("POST", "/v1/accounts", "type=express&settings[payouts][colour]=red")
    _, _, wrong = send("POST", "/v1/accounts", "type=express&capabilities[transfers][requested]=maybe")
    assert unknown["error"]["param"] == "settings[payouts][colour]"
    assert wrong["error"]["param"] == "capabilities[transfers][requested]"


def test_an_unknown_id_is_a_missing_resource(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such transfer: 'tr_1'") as refused:
        client.v1.transfers.retrieve("tr_1")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_acting_for_an_unknown_account_is_a_permission_error(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.PermissionError, match="does not have access to account 'acct_nobody'"):
        client.v1.balance.retrieve({}, {"stripe_account": "acct_nobody"})


def test_a_connection_serves_many_requests(server: SandboxServer, config: Config) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    for path in ("/v1/balance", "/v1/nothing", "/v1/balance"):
        connection.request("GET", path, headers={"Authorization": f"Bearer {config.api_key}"})
        used = connection.sock
        connection.getresponse().read()
        assert connection.sock is used
    connection.close()


def test_nothing_is_in_live_mode(client: stripe.StripeClient, paid_account: str) -> None:
    assert not client.v1.balance.retrieve().livemode
    assert not any(transfer.livemode for transfer in client.v1.transfers.list().data)
    assert not any(event.livemode for event in client.v1.events.list().data)


def test_ids_sort_by_time_and_never_repeat() -> None:
    ids = [new_id("tr") for _ in range(1000)]
    assert len(set(ids)) == 1000
    # Within one microsecond, chance decides.
    assert [each[:13] for each in ids] == sorted(each[:13] for each in ids)
