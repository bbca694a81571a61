"""Behind the proxy of `deploy/nginx`, the service is what docs/deploying.md says."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from accounts.principals import CREATOR, Principal
from earnings.services.sources import register_source
from payouts.states import PayoutStatus
from tests.api import token_of
from tests.deploy import nginx
from tests.deploy.nginx import Proxy
from tests.factories import CreatorFactory, PayoutFactory
from tests.running import RunningService

METRICS_TOKEN = "a-token-for-prometheus"
PUBLIC_URL = f"https://{nginx.NAME}"
CALLBACK = "/api/v1/accounts/onboard/callback?state=x"
SLOW = 600

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(nginx.PROGRAM is None, reason="SKIPPED: nginx is not installed"),
]


@pytest.fixture
def proxy(service: RunningService, tmp_path: Path) -> Iterator[Proxy]:
    service.set(
        PUBLIC_URL=PUBLIC_URL,
        ALLOWED_HOSTS=nginx.NAME,
        TRUSTED_PROXIES="1",
        METRICS_TOKEN=METRICS_TOKEN,
        REQUESTS_PER_MINUTE="anonymous:3",
    )
    service.start_web()
    with nginx.nginx(tmp_path, web_port=service.port) as proxy:
        yield proxy


class Secure(HTTPConnection):
    """A TLS connection to nginx from an address of this machine, by the name that is on its certificate."""

    def __init__(self, proxy: Proxy, *, source: str) -> None:
        super().__init__(nginx.NAME, timeout=10)
        self._proxy = proxy
        self._source = source

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self._proxy.port), 10, (self._source, 0))
        self.sock = self._proxy.trust.wrap_socket(plain, server_hostname=nginx.NAME)


@dataclass(frozen=True, slots=True)
class Answer:
    response: HTTPResponse
    text: str

    @property
    def status(self) -> int:
        return self.response.status


def read(
    connection: HTTPConnection, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str
) -> Answer:
    with closing(connection):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        response = connection.getresponse()
        return Answer(response, response.read().decode())


def ask(
    proxy: Proxy,
    path: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    source: str = "127.0.0.1",
    **headers: str,
) -> Answer:
    return read(Secure(proxy, source=source), path, method=method, body=body, **headers)


def ask_plainly(port: int, path: str, *, host: str) -> Answer:
    return read(HTTPConnection("127.0.0.1", port, timeout=10), path, Host=host)


def test_the_service_is_reached_by_its_public_address_and_knows_who_asks(
    proxy: Proxy, service: RunningService
) -> None:
    plain = ask_plainly(proxy.plain_port, "/admin/", host=nginx.NAME)
    assert plain.response.headers["Location"] == f"{PUBLIC_URL}/admin/"

    # The console: cookies for TLS only, and forms that are taken.
    login = ask(proxy, "/admin/login/")
    assert login.status == 200
    assert "Secure" in login.response.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in login.response.headers

    # Links of lists.
    alice = CreatorFactory.create(external_id="alice")
    PayoutFactory.create_batch(2, creator=alice, status=PayoutStatus.FAILED)
    bearer = f"Bearer {token_of(Principal(subject='alice', role=CREATOR))}"
    page = json.loads(ask(proxy, "/api/v1/payouts?page_size=1", Authorization=bearer).text)
    assert page["next"].startswith(f"{PUBLIC_URL}/api/v1/payouts?")

    # The metrics: with their token only, through the proxy and beside it.
    assert ask(proxy, "/metrics").status == 401
    assert ask(proxy, "/metrics", Authorization=f"Bearer {METRICS_TOKEN}").status == 200
    assert ask_plainly(service.port, "/metrics", host="10.42.8.201").status == 401

    # Callers: each by their own address, whatever they say of it themselves.
    def told(**how: Any) -> str:
        return ask(proxy, CALLBACK, **how).response.headers["Location"]

    assert any("too_many_requests" in told(X_Forwarded_For=f"203.0.113.{number}") for number in range(8))
    assert "too_many_requests" not in told(source="127.0.0.2")


def test_bodies_are_as_large_as_the_service_takes_them(proxy: Proxy) -> None:
    register_source("billing")
    token = token_of(Principal(subject="billing", role="service", scopes=frozenset(["billing"])))
    push = {"Content_Type": "application/x-ndjson", "Authorization": f"Bearer {token}"}
    lines = b'{"record_id": "%s"}\n' % (b"x" * 10_000) * 400  # 4 MB
    pushed = ask(proxy, "/api/v1/billing/records", method="POST", body=lines, **push)
    assert pushed.status == 200, pushed.text
    assert ask(proxy, "/webhooks/stripe", method="POST", body=lines).status == 413


@pytest.mark.full
def test_those_who_send_slowly_keep_nobody_waiting(proxy: Proxy) -> None:
    async def dawdle() -> list[Answer]:
        slow = [await begin() for _ in range(SLOW)]
        try:
            return [await asyncio.to_thread(ask, proxy, path) for path in ["/health", "/health/ready"] * 5]
        finally:
            for writer in slow:
                writer.close()

    async def begin() -> asyncio.StreamWriter:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", proxy.port, ssl=proxy.trust, server_hostname=nginx.NAME
        )
        head = f"POST /webhooks/stripe HTTP/1.1\r\nHost: {nginx.NAME}\r\nContent-Length: 1000\r\n\r\n"
        writer.write(head.encode() + b"half of it")
        await writer.drain()
        return writer

    assert {answer.status for answer in asyncio.run(dawdle())} == {200}
