"""A clock that tests move, and everything that depends on it."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import stripe

from sandbox.config import Config
from sandbox.server import SandboxServer

Fund = Callable[[int], None]
Inject = Callable[..., None]
Advance = Callable[[int], float]

DAY = 24 * 60 * 60


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, payout_seconds=2 * DAY, settle_seconds=DAY)


def send(client: stripe.StripeClient, account: str, *, key: str = "one") -> stripe.Transfer:
    return client.v1.transfers.create(
        {"amount": 10_00, "currency": "usd", "destination": account}, {"idempotency_key": key}
    )


def test_new_objects_have_the_time_of_the_moved_clock(
    client: stripe.StripeClient, fund: Fund, account: str, advance: Advance
) -> None:
    fund(100_00)
    assert advance(30 * DAY) == pytest.approx(time.time() + 30 * DAY, abs=5)
    transfer = send(client, account)
    assert transfer.created == pytest.approx(time.time() + 30 * DAY, abs=5)
    assert client.v1.events.list().data[0].created == pytest.approx(transfer.created, abs=5)


def test_what_falls_due_happens_as_of_its_due_time(
    client: stripe.StripeClient, fund: Fund, account: str, advance: Advance
) -> None:
    options: stripe.RequestOptions = {"stripe_account": account}
    fund(10_00)
    payment = str(send(client, account).destination_payment)
    (arrival,) = client.v1.balance_transactions.list({"source": payment}, options).data
    assert arrival.status == "pending"
    advance(DAY + 1)
    payout = client.v1.payouts.create({"amount": 10_00, "currency": "usd"}, options)
    advance(30 * DAY)

    paid = client.v1.payouts.retrieve(payout.id, {}, options)
    assert paid.status == "paid"
    (event,) = client.v1.events.list({"type": "payout.paid"}, options).data
    assert event.created == pytest.approx(payout.created + 2 * DAY, abs=1)
    (event,) = client.v1.events.list({"type": "balance.available"}, options).data
    assert event.created == arrival.available_on


def test_a_key_is_good_for_a_day(
    client: stripe.StripeClient, fund: Fund, account: str, advance: Advance
) -> None:
    fund(100_00)
    first = send(client, account)
    advance(DAY - 60)
    assert send(client, account).id == first.id
    advance(61)
    assert send(client, account).id != first.id


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 401}, stripe.AuthenticationError),
        ({"kind": "status", "status": 403}, stripe.PermissionError),
        ({"kind": "status", "status": 503}, stripe.APIError),
        ({"kind": "connection_reset"}, stripe.APIConnectionError),
    ],
)
def test_an_outage_hits_everything_until_it_ends(
    client: stripe.StripeClient,
    inject: Inject,
    advance: Advance,
    fault: dict[str, Any],
    error: type[stripe.StripeError],
) -> None:
    inject({**fault, "for_seconds": 3600})
    for ask in (client.v1.balance.retrieve, client.v1.transfers.list, client.v1.accounts.list):
        with pytest.raises(error):
            ask()
    advance(3600)
    client.v1.balance.retrieve()


def test_the_clock_stays_moved_after_a_restart(
    config: Config, connect: Callable[[str], stripe.StripeClient]
) -> None:
    with SandboxServer(config) as server:
        connect(server.url).raw_request("post", "/_sandbox/clock", advance=DAY)
    with SandboxServer(config) as server:
        account = connect(server.url).v1.accounts.create({"type": "express"})
    assert account.created == pytest.approx(time.time() + DAY, abs=5)


@pytest.mark.parametrize("seconds", [0, -1, "1.5"])
def test_the_clock_only_goes_forward_and_by_whole_seconds(
    client: stripe.StripeClient, seconds: int | str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.raw_request("post", "/_sandbox/clock", advance=seconds)
    assert refused.value.param == "advance"
