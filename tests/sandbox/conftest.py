"""A sandbox for each test, and the official client to call it."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe
from stripe.v2.core import Account

from sandbox.config import Config
from sandbox.server import SandboxServer
from tests.sandbox.receiver import Receiver
from tests.sandbox.samples import V2_ACCOUNT


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(state=tmp_path / "stripe", api_key="sk_test_sandbox", payout_seconds=0.1)


@pytest.fixture
def server(config: Config) -> Iterator[SandboxServer]:
    with SandboxServer(config) as server:
        yield server


@pytest.fixture
def connect(config: Config) -> Callable[[str], stripe.StripeClient]:
    """Make a client without retries for the sandbox at a URL."""

    def connect(url: str) -> stripe.StripeClient:
        return stripe.StripeClient(config.api_key, base_addresses={"api": url}, max_network_retries=0)

    return connect


@pytest.fixture
def client(server: SandboxServer, connect: Callable[[str], stripe.StripeClient]) -> stripe.StripeClient:
    return connect(server.url)


@pytest.fixture
def fund(client: stripe.StripeClient) -> Callable[[int], None]:
    """Add US cents to the platform's available balance."""

    def fund(amount: int) -> None:
        client.raw_request("post", "/_sandbox/fund", amount=amount, currency="usd")

    return fund


@pytest.fixture
def account(client: stripe.StripeClient) -> str:
    """A connected account in the United States that is ready to be paid."""
    account = client.v1.accounts.create(
        {"type": "express", "country": "US", "capabilities": {"transfers": {"requested": True}}}
    )
    client.raw_request("post", f"/_sandbox/accounts/{account.id}/complete")
    return account.id


@pytest.fixture
def paid_account(client: stripe.StripeClient, fund: Callable[[int], None], account: str) -> str:
    """A connected account with $100 of its own, which left nothing on the platform."""
    fund(100_00)
    client.v1.transfers.create({"amount": 100_00, "currency": "usd", "destination": account})
    return account


@pytest.fixture
def state(client: stripe.StripeClient) -> Callable[[], dict[str, Any]]:
    """Read the sandbox's whole state."""

    def state() -> dict[str, Any]:
        return dict(client.raw_request("get", "/_sandbox/state").data)

    return state


@pytest.fixture
def inject(client: stripe.StripeClient) -> Callable[..., None]:
    """Replace all fault rules."""

    def inject(*rules: dict[str, Any]) -> None:
        client.raw_request("post", "/_sandbox/faults", rules=list(rules))

    return inject


@pytest.fixture
def advance(client: stripe.StripeClient) -> Callable[[int], float]:
    """Move the sandbox's clock ahead by so many seconds, and return its time."""

    def advance(seconds: int) -> float:
        return float(client.raw_request("post", "/_sandbox/clock", advance=seconds).data["now"])

    return advance


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def endpoint(receiver: Receiver) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send_response(receiver.take(body, self.headers["Stripe-Signature"]))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{listener.server_port}/webhooks/stripe"
        listener.shutdown()
        thread.join()


@pytest.fixture
def switch(client: stripe.StripeClient) -> Callable[..., None]:
    """Set switches of the sandbox."""

    def switch(**switches: Any) -> None:
        client.raw_request("post", "/_sandbox/switches", **switches)

    return switch


@pytest.fixture
def open_v2(client: stripe.StripeClient) -> Callable[..., Account]:
    """Open a creator's account with API v2, with all parts in the answer; `changes` replace parameters."""

    def open_v2(options: stripe.RequestOptions | None = None, **changes: Any) -> Account:
        wanted = {**V2_ACCOUNT, **changes}
        return client.v2.core.accounts.create(wanted, options or {})  # type: ignore[arg-type]

    return open_v2
