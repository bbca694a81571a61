"""Validly signed bodies that can't be stored as they are: never answered with a 5xx, never lost, never duplicated."""

import json
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from djstripe.models import Account, Event
from pytest_django import Settings

from stripe_io import handlers, receiving, selectors, services, tasks
from stripe_io.models import BodyReason, InboxEvent, InboxOutcome, KeptBody, Replay
from stripe_io.verification import Endpoint
from tests.factories import UserFactory
from tests.stripe_io.delivering import Deliver
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("dana_and_erin")
HALF = "\ud83d"
WHY = ["--reason", "Read since this version", "--actor", "dana"]


def kept() -> KeptBody:
    return KeptBody.objects.get()


@pytest.mark.parametrize("text", ["Café \ud83d", "\ude00", "\ude00\ud83d", "a\x00b", "\ud83d\x00"], ids=ascii)
def test_an_event_whose_text_cannot_be_stored_is_handled_and_kept_as_it_came(
    deliver: Deliver, event: dict[str, Any], text: str
) -> None:
    events: list[handlers.StripeEvent] = []
    handlers.register(events.append, "test.happened")
    event["data"]["object"] |= {"name": text, "metadata": {text: "in a name too"}}
    body = json.dumps(event | {"type": "test.happened", "account": "acct_1"}).encode()
    assert deliver(body=body, secret="whsec_connect_endpoint").status_code == 200
    tasks.sweep_inbox()
    row = InboxEvent.objects.select_related("event").get()
    assert (row.outcome, row.pk) == (InboxOutcome.HANDLED, "evt_1")
    (handled,) = events
    assert handled.object["name"] == text.replace(HALF, "\ufffd").replace("\ude00", "\ufffd").replace(
        "\x00", "\ufffd"
    )
    assert row.event.data["object"]["name"] == handled.object["name"]
    assert (kept().reason, kept().event, bytes(kept().body)) == (BodyReason.TEXT, row, body)
    assert sum(selectors.bodies_set_aside().values()) == 0


def test_a_whole_emoji_is_stored_as_it_is(deliver: Deliver, event: dict[str, Any]) -> None:
    event["data"]["object"]["name"] = "Café 😀"
    assert deliver(event).status_code == 200
    assert Event.objects.get().data["object"]["name"] == "Café 😀"
    assert not KeptBody.objects.exists()


def changed(event: dict[str, Any], **change: Any) -> bytes:
    return json.dumps(event | change).encode()


def with_number(event: dict[str, Any], number: str, *, field: str = "created") -> bytes:
    """Write a number that Python's JSON writer never would."""
    event["data"]["object"]["amount"] = 1
    written = {"created": '"created": 1760000000', "amount": '"amount": 1'}[field]
    body = json.dumps(event)
    assert written in body
    return body.replace(written, f'"{field}": {number}').encode()


NUMBERS = [
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "-Infinity",
    "9" * 5_000,
    "1" * 20,
    "-" + "9" * 30,
    "9" * 400 + ".5",
]


@pytest.mark.parametrize("field", ["created", "amount"])
@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:8])
def test_an_event_with_a_number_that_cannot_be_stored_is_never_acted_on(
    deliver: Deliver, event: dict[str, Any], number: str, field: str
) -> None:
    body = with_number(event, number, field=field)
    assert deliver(body=body).status_code == 200
    assert (kept().reason, kept().event, bytes(kept().body)) == (BodyReason.NUMBER, None, body)
    assert (kept().told_id, kept().told_type) == ("evt_1", "transfer.created")
    assert not InboxEvent.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"object": "transfer"},
        {"object": None},
        {"object": {}},
        {"id": None},
        {"id": ""},
        {"id": 7},
        {"id": "evt_" + "x" * 300},
        {"id": f"evt_{HALF}"},
        {"id": "evt_\x00"},
        {"type": None},
        {"type": ""},
        {"type": {}},
        {"type": "t" * 251},
        {"type": f"transfer.{HALF}"},
        {"account": 7},
        {"account": {"id": "acct_1"}},
        {"account": []},
        {"account": ""},
        {"account": "acct_" + "x" * 300},
        {"account": f"acct_{HALF}"},
        {"livemode": None},
        {"livemode": "false"},
        {"livemode": 0},
        {"created": "yesterday"},
        {"created": 10**15},
        {"created": -(10**15)},
        {"created": 1.5},
        {"created": True},
        {"data": None},
        {"data": []},
        {"data": "tr_1"},
        {"data": {"object": None}},
        {"data": {"object": [1]}},
        {"data": {"object": {"id": f"tr_{HALF}"}}},
    ],
    ids=ascii,
)
def test_an_invalid_event_is_set_aside(
    deliver: Deliver, event: dict[str, Any], change: dict[str, Any]
) -> None:
    body = changed(event, **change)
    secret = "whsec_connect_endpoint" if change.get("account") else None
    assert deliver(body=body, secret=secret).status_code == 200
    assert (kept().reason, bytes(kept().body)) == (BodyReason.NOT_AN_EVENT, body)
    assert not InboxEvent.objects.exists()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", BodyReason.NOT_JSON),
        (b"{", BodyReason.NOT_JSON),
        (b"evt_1", BodyReason.NOT_JSON),
        ("é".encode(), BodyReason.NOT_JSON),
        (b"\x00", BodyReason.NOT_JSON),
        (b'{"a": "\x00"}', BodyReason.NOT_JSON),
        (b"\xff\xfe", BodyReason.NOT_TEXT),
        (b'{"name": "\xed\xa0\xbd"}', BodyReason.NOT_TEXT),
        ('{"id": "evt_1"}'.encode("utf-16"), BodyReason.NOT_TEXT),
        (b"\x1f\x8b\x08", BodyReason.NOT_TEXT),
        (b"[" * 50_000, BodyReason.TOO_DEEP),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, BodyReason.TOO_DEEP),
        (b"[" * 200 + b"]" * 200, BodyReason.TOO_DEEP),
        (b"[NaN", BodyReason.NUMBER),
        (b"[1e999]", BodyReason.NUMBER),
        (b"[NaN," + b"[" * 50_000, BodyReason.NUMBER),
        (b"null", BodyReason.NOT_AN_EVENT),
        (b"[]", BodyReason.NOT_AN_EVENT),
        (b"7", BodyReason.NOT_AN_EVENT),
        (b'"event"', BodyReason.NOT_AN_EVENT),
        (b"{}", BodyReason.NOT_AN_EVENT),
        (b'{"object": "v2.core.event", "id": "evt_2"}', BodyReason.NOT_AN_EVENT),
        (b'["' + b"x" * 5_000_000 + b'"]', BodyReason.NOT_AN_EVENT),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_body_that_is_no_event_is_kept_byte_for_byte(
    deliver: Deliver, body: bytes, reason: BodyReason
) -> None:
    assert deliver(body=body).status_code == 200
    row = kept()
    assert (row.reason, row.event, bytes(row.body), row.digest) == (
        reason,
        None,
        body,
        sha256(body).hexdigest(),
    )
    assert row.note
    assert not InboxEvent.objects.exists()
    assert selectors.bodies_set_aside()[reason] == 1


def test_a_byte_order_mark_is_ignored(deliver: Deliver, event: dict[str, Any]) -> None:
    assert deliver(body=b"\xef\xbb\xbf" + json.dumps(event).encode()).status_code == 200
    assert InboxEvent.objects.count() == 1
    assert not KeptBody.objects.exists()


@pytest.mark.parametrize("live", [False, True])
def test_an_event_of_the_other_mode_is_set_aside(
    deliver: Deliver, event: dict[str, Any], settings: Settings, live: bool
) -> None:
    """A live Connect endpoint also receives the test events of connected accounts."""
    settings.STRIPE_LIVE_MODE = live
    other = event | {"livemode": not live, "account": "acct_1", "type": "account.updated"}
    assert deliver(other).status_code == 200
    row = kept()
    assert (row.reason, row.told_id, row.told_type, row.told_account) == (
        BodyReason.OTHER_MODE,
        "evt_1",
        "account.updated",
        "acct_1",
    )
    assert selectors.bodies_set_aside()[BodyReason.OTHER_MODE] == 1
    assert not InboxEvent.objects.exists()
    assert not Account.objects.exists()
    assert deliver(event | {"livemode": live}).status_code == 200
    assert InboxEvent.objects.count() == 1


def test_values_too_long_for_dj_stripes_columns_do_not_stop_an_event(
    deliver: Deliver, event: dict[str, Any]
) -> None:
    request = {"id": "req_" + "x" * 300, "idempotency_key": "k" * 10_000}
    assert deliver(event | {"api_version": "v" * 300, "request": request}).status_code == 200
    row = Event.objects.get()
    assert row.stripe_data["request"] == request
    assert (len(row.api_version), len(row.request_id)) == (64, 50)


def test_a_body_that_only_postgresql_refuses_is_set_aside_too(
    deliver: Deliver, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulates a missing check, here the one for long types."""
    monkeypatch.setattr("stripe_io.reading.LONGEST_TYPE", 1_000)
    assert deliver(event | {"type": "t" * 300}).status_code == 200
    assert (kept().reason, kept().told_id) == (BodyReason.REFUSED, "evt_1")
    assert "too long" in kept().note
    assert not Event.objects.exists()


def test_the_same_body_again_is_kept_once(deliver: Deliver, event: dict[str, Any]) -> None:
    for body in (b"[]", changed(event, created="yesterday"), changed(event, note=HALF)):
        for _ in range(3):
            assert deliver(body=body).status_code == 200
    assert list(KeptBody.objects.values_list("deliveries", flat=True)) == [3, 3, 3]
    assert InboxEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_deliveries_keep_one_body_and_one_event(deliver: Deliver, event: dict[str, Any]) -> None:
    bodies = [b"[]", changed(event, note=HALF)]
    for body in bodies:
        answers = at_once(*[partial(deliver, body=body)] * 8)
        assert [answer.status_code for answer in answers] == [200] * 8
    assert list(KeptBody.objects.values_list("deliveries", flat=True)) == [8, 8]
    assert InboxEvent.objects.count() == 1


def test_an_event_signed_with_the_other_endpoints_secret_is_not_stored(
    deliver: Deliver, event: dict[str, Any]
) -> None:
    assert deliver(event | {"note": HALF}, secret="whsec_connect_endpoint").status_code == 400
    assert not KeptBody.objects.exists()


def replay(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("replay_events", *arguments, "--json", stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


@pytest.fixture
def unread(event: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> KeptBody:
    """A body that an earlier version couldn't read, because it only accepted shorter types."""
    with monkeypatch.context() as before:
        before.setattr("stripe_io.reading.LONGEST_TYPE", 3)
        receiving.keep_or_store(changed(event, type="test.happened"), signers=frozenset(Endpoint))
    return kept()


def test_a_body_set_aside_that_can_now_be_read_is_handled(unread: KeptBody) -> None:
    handled: list[str] = []
    handlers.register(lambda event: handled.append(event.id), "test.happened")
    assert replay("--body", unread.digest, "--dry-run")["bodies"] == [unread.digest]
    assert replay("--body", unread.digest, *WHY) == {
        "replayed": 1,
        "handled": 1,
        "set_aside": 0,
        "errors": {},
    }
    assert handled == ["evt_1"]
    assert kept().event == InboxEvent.objects.get()
    row = Replay.objects.get()
    assert (row.body, row.event, row.actor, row.reason) == (
        unread,
        None,
        "dana via cli",
        "Read since this version",
    )
    assert row.note_before.startswith("not_an_event: ")


def test_a_body_that_still_cannot_be_read_stays_set_aside(deliver: Deliver, event: dict[str, Any]) -> None:
    deliver(body=b"[]")
    deliver(body=b"[NaN]")
    assert replay("--set-aside", "number", *WHY)["set_aside"] == 1
    assert replay("--set-aside", "not_an_event", "--set-aside", "number", *WHY)["set_aside"] == 2
    assert Replay.objects.count() == 3
    assert sum(selectors.bodies_set_aside().values()) == 2


def test_reading_a_body_again_needs_a_reason_and_a_name(unread: KeptBody) -> None:
    with pytest.raises(CommandError, match="--actor is missing"):
        replay("--body", unread.digest)
    with pytest.raises(CommandError, match="A reason is needed"):
        replay("--body", unread.digest, "--actor", "dana")
    assert replay("--body", "0" * 64, *WHY)["not_replayed"] == ["0" * 64]
    assert not Replay.objects.exists()


def test_staff_see_the_bodies_set_aside_and_their_reasons(deliver: Deliver, event: dict[str, Any]) -> None:
    deliver(event | {"note": HALF})
    deliver(body=b'{"id": "evt_odd", "what": "<b>\\u0000</b>", "n": NaN}')
    deliver(body=b"\xff\x00 <i>")
    console = Client()
    console.force_login(UserFactory.create(username="frank"))
    assert b"webhook bodies set aside" in console.get("/admin/").content
    listed = console.get("/admin/stripe_io/keptbody/").content.decode()
    assert "Number out of range" in listed
    assert "Not UTF-8" in listed
    for row in KeptBody.objects.all():
        page = console.get(f"/admin/stripe_io/keptbody/{row.digest}/change/").content.decode()
        assert row.digest in page
        assert "<b>\\u0000" not in page
    page = console.get("/admin/stripe_io/inboxevent/evt_5F1/change/").content.decode()
    assert "Text replaced" in page


def test_an_error_that_cannot_be_stored_keeps_its_event(event: dict[str, Any]) -> None:
    def fail(event: handlers.StripeEvent) -> None:
        raise ValueError(f"half {HALF} and \x00")

    handlers.register(fail, "test.failed")
    services.store_event(event | {"type": "test.failed"})
    services.handle_event(event_id="evt_1", now=datetime.now(UTC))
    assert InboxEvent.objects.get().error == "ValueError: half \ufffd and \ufffd"
