from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import stripe

from sandbox.config import Config
from sandbox.context import Context
from sandbox.idempotency import V1, recall, save
from sandbox.messages import Response
from sandbox.store import Store

Fund = Callable[[int], None]
Inject = Callable[..., None]
State = Callable[[], dict[str, Any]]


def send(client: stripe.StripeClient, account: str, *, key: str, **params: Any) -> stripe.Transfer:
    return client.v1.transfers.create(
        {"amount": 10_00, "currency": "usd", "destination": account, **params},  # type: ignore[typeddict-item]
        {"idempotency_key": key},
    )


def test_the_same_request_with_the_same_key_is_answered_again_and_done_once(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    fund(100_00)
    first = send(client, account, key="one")
    second = send(client, account, key="one")

    assert second.to_dict() == first.to_dict()
    assert first.last_response is not None
    assert second.last_response is not None
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.headers["Idempotency-Key"] == "one"
    assert second.last_response.headers["Original-Request"] == first.last_response.request_id
    assert second.last_response.request_id != first.last_response.request_id
    assert client.v1.balance.retrieve().available[0].amount == 90_00


def test_another_key_does_it_again(client: stripe.StripeClient, fund: Fund, account: str) -> None:
    fund(100_00)
    assert send(client, account, key="one").id != send(client, account, key="two").id


def test_the_order_of_parameters_does_not_matter(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    fund(100_00)
    first = send(client, account, key="one", metadata={"a": "1", "b": "2"}, description="x")
    second = send(client, account, key="one", description="x", metadata={"b": "2", "a": "1"})
    assert second.id == first.id


def test_the_same_key_with_other_parameters_is_an_idempotency_error(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    fund(100_00)
    send(client, account, key="one")
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        send(client, account, key="one", amount=11_00)
    assert refused.value.http_status == 400


def test_the_same_key_at_another_address_is_an_idempotency_error(
    client: stripe.StripeClient, fund: Fund, account: str
) -> None:
    fund(100_00)
    send(client, account, key="one")
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.accounts.create({"type": "express"}, {"idempotency_key": "one"})


def test_keys_of_two_accounts_are_two_keys(client: stripe.StripeClient, paid_account: str) -> None:
    client.v1.accounts.create({"type": "express"}, {"idempotency_key": "one"})
    payout = client.v1.payouts.create(
        {"amount": 1_00, "currency": "usd"}, {"idempotency_key": "one", "stripe_account": paid_account}
    )
    assert payout.amount == 1_00


def test_a_refusal_by_the_work_is_saved(client: stripe.StripeClient, fund: Fund, account: str) -> None:
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            send(client, account, key="one")
        assert refused.value.code == "balance_insufficient"
        fund(100_00)
    assert refused.value.headers is not None
    assert refused.value.headers["Idempotent-Replayed"] == "true"


def test_a_bad_parameter_is_not_saved(client: stripe.StripeClient, fund: Fund, account: str) -> None:
    fund(100_00)
    with pytest.raises(stripe.InvalidRequestError):
        send(client, account, key="one", amount=0)
    assert send(client, account, key="one").amount == 10_00


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_an_error_before_the_work_is_not_saved(
    client: stripe.StripeClient, fund: Fund, account: str, inject: Inject, status: int
) -> None:
    fund(100_00)
    inject({"kind": "status", "status": status, "path": "/v1/transfers", "count": 1})
    with pytest.raises(stripe.StripeError):
        send(client, account, key="one")
    assert send(client, account, key="one").amount == 10_00


def test_an_error_after_the_work_is_saved_though_the_money_moved(
    client: stripe.StripeClient, fund: Fund, account: str, inject: Inject
) -> None:
    fund(100_00)
    inject(
        {
            "kind": "status",
            "status": 500,
            "path": "/v1/transfers",
            "method": "POST",
            "count": 1,
            "after_work": True,
        }
    )
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            send(client, account, key="one")
        assert failed.value.http_status == 500
    assert failed.value.headers is not None
    assert failed.value.headers["Idempotent-Replayed"] == "true"
    assert len(client.v1.transfers.list().data) == 1


def test_an_error_instead_of_the_work_is_saved_and_no_money_moved(
    client: stripe.StripeClient, fund: Fund, account: str, inject: Inject
) -> None:
    fund(100_00)
    inject({"kind": "abort_work", "status": 500, "path": "/v1/transfers", "method": "POST", "count": 1})
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            send(client, account, key="one")
    assert client.v1.transfers.list().data == []
    assert client.v1.balance.retrieve().available[0].amount == 100_00


def test_a_key_in_use_is_a_conflict(
    client: stripe.StripeClient, fund: Fund, account: str, inject: Inject
) -> None:
    fund(100_00)
    inject({"kind": "latency_ms", "latency_ms": 500, "path": "/v1/transfers", "count": 1})
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, client, account, key="one") for _ in range(8)]
    errors = [error for each in sent if (error := each.exception())]

    # On a busy machine some come after the first is answered, and get its answer.
    assert len({each.result().id for each in sent if not each.exception()}) == 1
    assert errors
    for error in errors:
        assert isinstance(error, stripe.APIError)
        assert (error.http_status, error.error and error.error.code) == (409, "idempotency_key_in_use")
    assert len(client.v1.transfers.list().data) == 1
    assert client.v1.balance.retrieve().available[0].amount == 90_00


def test_clients_that_retry_a_conflict_all_get_the_one_transfer(
    client: stripe.StripeClient, fund: Fund, account: str, inject: Inject
) -> None:
    fund(100_00)
    inject({"kind": "latency_ms", "latency_ms": 100, "path": "/v1/transfers", "count": 1})

    def send_patiently(_: int) -> str:
        return client.v1.transfers.create(
            {"amount": 10_00, "currency": "usd", "destination": account},
            {"idempotency_key": "one", "max_network_retries": 3},
        ).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(send_patiently, range(8)))) == 1
    assert client.v1.balance.retrieve().available[0].amount == 90_00


def test_a_key_longer_than_255_characters_is_refused(client: stripe.StripeClient, account: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="at most 255 characters"):
        send(client, account, key="k" * 256)


def test_a_key_is_forgotten_after_a_day(config: Config) -> None:
    store = Store(config.state)
    with store.transaction() as tx:
        context = Context(
            tx=tx,
            config=config,
            platform="acct_1",
            account="acct_1",
            now=1000.0,
            request_id="req_1",
            idempotency_key="one",
        )
        save(context, Response(status=200, body="{}"), path="/v1/transfers", params={})

        def recalled(seconds: int) -> bool:
            later = replace(context, now=context.now + seconds)
            return recall(later, path="/v1/transfers", params={}) is not None

        assert recalled(V1.kept_seconds - 1)
        assert not recalled(V1.kept_seconds)

        later = replace(context, now=context.now + V1.kept_seconds, idempotency_key="two")
        save(later, Response(status=200, body="{}"), path="/v1/transfers", params={})
        assert [row["key"] for row in tx.execute("select key from idempotency_keys")] == ["two"]
    store.close()


def test_a_first_response_says_that_it_is_the_original(client: stripe.StripeClient) -> None:
    created = client.v1.accounts.create({"type": "express"}, {"idempotency_key": "one"})
    assert created.last_response is not None
    headers = created.last_response.headers
    assert headers["Original-Request"] == created.last_response.request_id
    assert headers["Stripe-Should-Retry"] == "false"
    assert "Idempotent-Replayed" not in headers


def test_a_refusal_names_its_log(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create({"amount": 1, "currency": "usd", "destination": "acct_nobody"})
    body: Any = refused.value.json_body
    assert str(refused.value.request_id) in body["error"]["request_log_url"]
