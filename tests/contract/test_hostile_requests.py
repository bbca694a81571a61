"""Every request gets one of the API's responses: never an internal error, never an HTML page."""

import http.client
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest

from tests.api import token_of
from tests.contract.test_schemathesis import CALLERS
from tests.payouts.market import Market
from tests.running import RunningService

READS = {
    "/earnings": ["currency", "page", "page_size"],
    "/earnings/api-alice": ["currency", "from", "to"],
    "/payouts": ["status", "currency", "from", "to", "page", "page_size", "ordering"],
    "/payouts/upcoming": ["currency"],
    "/accounts/status": ["x"],
    "/accounts/onboard/callback": ["state", "refresh"],
    "/platform/revenue": ["month", "currency"],
    "/platform/analytics": ["months", "currency"],
}
VALUES = [
    "",
    "%00",
    "%ff%fe",
    "%ED%A0%80",
    "-1",
    "0",
    "1e9",
    "9" * 400,
    "NaN",
    "true",
    "2026-13",
    "0000-00",
    "2026-02-30",
    "99999-01",
    "%F0%9F%92%B8",
    "%27%20OR%201=1--",
    "..%2F..%2Fetc%2Fpasswd",
    "a" * 6_000,
    "%3Cscript%3E",
    "[]",
]
IDS = [
    "%00",
    "%ff",
    "..",
    "..%2f..%2fetc",
    "%2e%2e%2f",
    ".",
    "%20",
    ";",
    "a" * 300,
    "a" * 6_000,
    "%F0%9F%92%B8",
    "%0d%0aX-Evil:1",
    "-1",
    "9" * 50,
    "null",
    str(uuid.UUID(int=0)),
    str(uuid.uuid4()).upper(),
    "%2525",
    "a%3Fb=c",
    "a%23b",
]
ADDRESSES = ["/earnings/{}", "/payouts/{}", "/payouts/{}/records", "/payouts/{}/line-items/{}/records", "/{}"]
HOSTILE: list[Any] = [
    None,
    True,
    -1,
    0,
    2**63,
    10**300,
    1.5,
    "",
    " ",
    "\0",
    "\ud800",
    "a" * 70_000,
    "💸",
    [],
    [[]],
    {},
    {"a": {}},
    ["\0"],
]
RECORD = {
    "record_id": "h-1",
    "kind": "charge",
    "api_id": "api-alice",
    "amount": 100,
    "currency": "USD",
    "occurred_at": "2026-01-01T00:00:00Z",
    "creator_id": "alice",
    "subscription_id": "s",
    "customer_id": "c",
    "api_calls": 1,
    "related_record_id": "",
}
OWNER = {"name": "Weather", "creator_id": "alice", "creator_email": "a@example.com", "creator_country": "US"}
RAW_BODIES: list[bytes] = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"records":' * 5_000,
    b'{"a":' + b"9" * 100_000 + b"}",
    b"null",
    b"7",
    b'"text"',
    b"[]",
    b'{"records": []}',
    b'{"records": {}}',
    b'{"records": [null, 1, "x", [], {}]}',
    b'{"records": [{}], "records": [{}]}',
    b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
]
MEDIA_TYPES = [
    "application/json",
    "application/json; charset=utf-16",
    "application/x-ndjson",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/html",
    "image/svg+xml",
    "nonsense",
    "",
]
WRITES = [("POST", "/billing/records"), ("PUT", "/catalog/apis/api-new"), ("POST", "/accounts/onboard")]
HEADERS: list[dict[str, str]] = [
    {"Authorization": value}
    for value in (
        "Bearer",
        "Bearer  ",
        "Bearer a.b.c",
        "Basic eA==",
        "Bearer " + "a" * 6_000,
        "é",
        "Token x",
        ",",
    )
] + [
    {"Accept": "text/html"},
    {"Accept": "*/*;q=0"},
    {"Accept": "a" * 4_000},
    {"Accept": "application/json; version=9"},
    {"If-None-Match": "*"},
    {"If-None-Match": 'W/"' + "a" * 4_000},
    {"X-Request-ID": "a\tb"},
    {"X-Forwarded-For": "'; DROP TABLE payouts; --"},
    {"Host": "evil.example"},
    {"Content-Length": "-1"},
    {"Content-Length": "x"},
    {"Range": "bytes=0-99999999999"},
    {"Content-Encoding": "gzip"},
    {"Cookie": "sessionid=" + "\x7f" * 200},
]
METHODS = ["TRACE", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND", "FOO"]


@dataclass(frozen=True, slots=True)
class Attack:
    method: str
    path: str
    who: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def attacks() -> Iterator[Attack]:
    yield from hostile_reads()
    yield from hostile_writes()
    for path, headers in product(["/earnings", "/payouts"], HEADERS):
        yield Attack("GET", path, "creator", None, headers)
    for path, method in product([*READS, "/billing/records", "/nowhere"], METHODS):
        yield Attack(method, path, "creator")


def hostile_reads() -> Iterator[Attack]:
    for path, names in READS.items():
        who = "admin" if path.startswith("/platform") else "creator"
        for name, value in product([*names, "unknown"], VALUES):
            yield Attack("GET", f"{path}?{name}={value}", who)
    for address, hostile_id in product(ADDRESSES, IDS):
        yield Attack("GET", address.format(*[hostile_id] * address.count("{}")), "creator")


def hostile_writes() -> Iterator[Attack]:
    for hostile_id in IDS:
        yield Attack("PUT", f"/catalog/apis/{hostile_id}", "service", encoded(OWNER), JSON)
    for name, value in product(RECORD, HOSTILE):
        yield Attack(
            "POST", "/billing/records", "service", encoded({"records": [RECORD | {name: value}]}), JSON
        )
        yield Attack("POST", "/billing/records", "service", encoded(RECORD | {name: value}), NDJSON)
    for name, value in product([*OWNER, "owned_from", "extra"], HOSTILE):
        yield Attack("PUT", "/catalog/apis/api-new", "service", encoded(OWNER | {name: value}), JSON)
    for name, value in product(["country", "business_type", "extra"], HOSTILE):
        yield Attack("POST", "/accounts/onboard", "creator", encoded({name: value}), JSON)
    for (method, path), body, media_type in product(WRITES, RAW_BODIES, MEDIA_TYPES):
        who = "creator" if path.startswith("/accounts") else "service"
        yield Attack(method, path, who, body, {"Content-Type": media_type})


JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def send(address: str, attack: Attack, tokens: dict[str, str]) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection(address, timeout=60)
    headers = {"Authorization": f"Bearer {tokens[attack.who]}", **attack.headers}
    try:
        connection.request(attack.method, f"/api/v1{attack.path}", attack.body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Content-Type", ""), answer.read()
    finally:
        connection.close()


def is_sound(status: int, media_type: str, body: bytes) -> bool:
    """Check whether this is a response of the API; one without a body is the server's, to invalid HTTP."""
    problem = (
        media_type == "application/problem+json" and json.loads(body)["status"] == status if body else True
    )
    page = "html" in media_type and body
    return not page and (200 <= status < 400 or (400 <= status < 500 and problem))


@pytest.mark.full
def test_a_thousand_hostile_requests_find_nothing(market: Market, service: RunningService) -> None:
    tokens = {name: token_of(principal) for name, principal in CALLERS.items()}
    answers = [(attack, send(service.address, attack, tokens)) for attack in attacks()]
    assert len(answers) > 1_000
    unsound = [(str(attack)[:300], answer) for attack, answer in answers if not is_sound(*answer)]
    assert unsound == []


@pytest.mark.full
@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson"])
def test_fifty_megabytes_of_junk_are_refused_or_set_aside(
    method: str, path: str, media_type: str, market: Market, service: RunningService
) -> None:
    tokens = {name: token_of(principal) for name, principal in CALLERS.items()}
    who = "creator" if path.startswith("/accounts") else "service"
    attack = Attack(method, path, who, b"x" * 50_000_000, {"Content-Type": media_type})
    try:
        status, sent_type, body = send(service.address, attack, tokens)
    except (BrokenPipeError, ConnectionResetError):
        return  # refused before everything was read
    assert is_sound(status, sent_type, body), (status, sent_type, body[:500])
    assert service.web_megabytes < 400
