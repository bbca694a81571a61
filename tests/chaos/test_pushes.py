"""Pushing to the running service: streams of any length, broken connections, earnings within seconds."""

import json
import socket
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection

import pytest

from accounts.principals import BILLING_SCOPE, Principal
from earnings.models import BillingBatch, BillingRecord
from tests.api import token_of
from tests.factories import ApiFactory, CreatorFactory, SourceFactory
from tests.feeding import earned, held, record
from tests.running import RunningService
from tests.waiting import wait_until

PATH = "/api/v1/billing/records"


def headers(media_type: str = "application/x-ndjson") -> dict[str, str]:
    token = token_of(Principal(subject="billing", role="service", scopes=frozenset([BILLING_SCOPE])))
    return {"Authorization": f"Bearer {token}", "Content-Type": media_type}


def line(number: int) -> bytes:
    return json.dumps(record(record_id=f"r-{number}", amount=100, customer_id="c" * 100)).encode() + b"\n"


def push(address: str, body: Iterable[bytes]) -> tuple[dict[str, int], int]:
    """Push a body in chunks; return the summary, and the number of answers before it."""
    connection = HTTPConnection(address, timeout=120)
    with closing(connection):
        connection.request("POST", PATH, body, headers())
        answer = connection.getresponse()
        assert answer.status == HTTPStatus.OK, answer.read()
        lines = answer.read().splitlines()
    return json.loads(lines[-1])["summary"], len(lines) - 1


@pytest.fixture
def web(service: RunningService) -> RunningService:
    SourceFactory.create(name="billing")
    ApiFactory.create(external_id="api-a", owner=CreatorFactory.create(external_id="alice"))
    service.start_web()
    return service


@pytest.mark.full
def test_a_streams_length_does_not_affect_memory(web: RunningService) -> None:
    summary, answers = push(web.address, (line(number) for number in range(20_000)))
    assert (summary["accepted"], answers) == (20_000, 20_000)
    before = web.web_megabytes
    summary, answers = push(web.address, (line(number) for number in range(100_000)))
    assert (summary["accepted"], summary["duplicate"], answers) == (80_000, 20_000, 100_000)
    assert web.web_megabytes - before < 15
    assert BillingRecord.objects.count() == 100_000


@pytest.mark.full
@pytest.mark.parametrize(
    "odd",
    [b"[" * 30_000 + b"]" * 30_000, json.dumps({"record_id": "r-1", "odd": "x" * 64_790}).encode()],
    ids=["nested", "long"],
)
def test_the_number_of_large_invalid_lines_does_not_affect_memory(web: RunningService, odd: bytes) -> None:
    """These are 97 MB: without a limit by size, one batch would contain all of them."""
    push(web.address, (line(number) for number in range(20_000)))
    before = web.web_megabytes
    summary, answers = push(web.address, (odd + b"\n" for _ in range(1_500)))
    assert (summary["accepted"], answers) == (0, 1_500)
    assert web.web_megabytes - before < 60


def test_a_broken_connection_keeps_the_complete_lines(web: RunningService) -> None:
    body = b"".join(line(number) for number in range(100))
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers().items())
    host, _, port = web.address.partition(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n{fields}\r\n"
        connection.sendall(head.encode() + body[:-50])
    wait_until(BillingRecord.objects.exists, seconds=10)
    assert BillingRecord.objects.count() == 99
    assert held() == []
    summary, _ = push(web.address, iter([body]))
    assert (summary["accepted"], summary["duplicate"]) == (1, 99)


def test_json_can_be_sent_in_chunks_too(web: RunningService) -> None:
    with closing(HTTPConnection(web.address, timeout=30)) as connection:
        for rest, status in ((b"", HTTPStatus.OK), (b" " * 2_000_000, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)):
            body = iter([b'{"records": [', json.dumps(record()).encode(), b"]}", rest])
            connection.request("POST", PATH, body, headers("application/json"))
            answer = connection.getresponse()
            assert answer.status == status, answer.read()
            answer.read()
    assert BillingRecord.objects.count() == 1


@pytest.mark.full
def test_many_pushes_are_posted_within_seconds_in_few_postings(web: RunningService) -> None:
    web.start_worker()
    with ThreadPoolExecutor(4) as pool:
        started = time.monotonic()
        list(pool.map(lambda number: push(web.address, iter([line(number)])), range(100)))
        took = time.monotonic() - started
    wait_until(lambda: not BillingBatch.objects.filter(posted_at=None).exists(), seconds=20)
    postings = BillingBatch.objects.values("posted_at").distinct().count()
    assert postings <= took + 3
    assert earned() == [("alice", "api-a", "2024-01", 10_000, 2_000, 8_000)]
