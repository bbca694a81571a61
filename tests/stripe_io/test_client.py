"""Stripe is reached through the environment's proxy, a sandbox on this machine without one."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from pytest_django import Settings

from stripe_io.client import call, client
from tests.local_stripe import Stripe

PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
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


@pytest.fixture
def _new_client() -> Iterator[None]:
    client.cache_clear()
    yield
    client.cache_clear()


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
    monkeypatch.setenv("http_proxy", address)
    call(client().v1.balance.retrieve)
    assert requested == ["http://stripe.invalid/v1/balance"]
