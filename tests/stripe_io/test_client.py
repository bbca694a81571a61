"""How Stripe is reached: the proxy, and requests that it answers with 429 or with advice."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import redis
from pytest_django import Settings

from stripe_io import client as stripe_io
from stripe_io import pacing
from stripe_io.client import call, checks, client, forget_checks
from stripe_io.errors import StripeCallFailed
from tests.local_stripe import Stripe

PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
LOCKED = {"kind": "status", "status": 429, "code": "lock_timeout", "should_retry": True}
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that answers by itself: its address, and the addresses requested from it."""
    requested: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"object": "balance"}')

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", requested
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_pause(settings: Settings) -> None:
    """Forget the slots that other tests took."""
    redis.Redis.from_url(settings.REDIS_URL).flushdb()


@pytest.fixture
def _new_client() -> Iterator[None]:
    forget_checks()
    yield
    forget_checks()


@pytest.mark.django_db
def test_a_sandbox_on_this_machine_is_reached_without_a_proxy(
    sandbox: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, NOBODY)
    assert call(client().v1.balance.retrieve).object == "balance"


@pytest.mark.django_db
@pytest.mark.usefixtures("_new_client")
def test_stripe_is_reached_through_the_environments_proxy(
    proxy: tuple[str, list[str]], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, requested = proxy
    settings.STRIPE_API_BASE = "http://stripe.invalid"
    checks[settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE].passed = True
    monkeypatch.setenv("http_proxy", address)
    call(client().v1.balance.retrieve)
    assert requested == ["http://stripe.invalid/v1/balance"]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_that_finds_its_object_locked_is_sent_again(
    sandbox: Stripe, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(stripe_io, "LOCK_PAUSES", (0.01, 0.01))
    sandbox.inject({**LOCKED, "method": method, "count": 2})
    made = call(lambda: client().v1.accounts.create({"type": "express", "country": "US"}))
    assert call(lambda: client().v1.accounts.retrieve(made.id)).id == made.id
    assert pacing.take_slot(endpoint=f"{method.lower()} accounts") < 0.5


@pytest.mark.django_db
def test_a_lasting_lock_is_a_failure_that_may_pass(sandbox: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_io, "LOCK_PAUSES", (0.01, 0.01))
    sandbox.inject(LOCKED)
    with pytest.raises(StripeCallFailed) as failed:
        call(client().v1.balance.retrieve)
    assert failed.value.failure.may_pass
    assert sandbox.state("faults")["faults"] == {"status": 3}


@pytest.mark.django_db
@pytest.mark.parametrize(("reason", "others_wait"), [("global-rate", True), ("endpoint-rate", False)])
def test_a_429_keeps_workers_off_what_it_limits(sandbox: Stripe, reason: str, others_wait: bool) -> None:
    sandbox.inject({"kind": "status", "status": 429, "code": "rate_limit", "reason": reason, "count": 1})
    with pytest.raises(StripeCallFailed):
        call(client().v1.balance.retrieve)
    assert pacing.take_slot(endpoint="get balance") > 0.5
    assert (pacing.take_slot(endpoint="get transfers") > 0.5) is others_wait


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "advice", "may_pass"),
    [(500, False, False), (500, None, True), (409, True, True), (409, None, False), (429, False, True)],
)
def test_stripes_advice_decides_whether_to_ask_again(
    sandbox: Stripe, status: int, advice: bool | None, may_pass: bool
) -> None:
    rule = {"kind": "status", "status": status, "count": 1}
    sandbox.inject(rule if advice is None else {**rule, "should_retry": advice})
    with pytest.raises(StripeCallFailed) as failed:
        call(client().v1.balance.retrieve)
    assert failed.value.failure.may_pass is may_pass
