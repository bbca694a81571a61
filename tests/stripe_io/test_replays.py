"""`manage.py replay_events`: staff have stored events handled again, and who asked and why is recorded."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from database import sql
from database.staff import Act
from stripe_io import handlers, services
from stripe_io.models import InboxEvent, InboxOutcome, Replay

pytestmark = pytest.mark.usefixtures("dana_and_erin")
WHY = ["--reason", "The handler was fixed", "--actor", "dana"]


@pytest.fixture
def called() -> list[str]:
    """The events for which the handlers of `test.happened` and `test.failed`, which fails, were called."""
    called: list[str] = []

    def fail(event: handlers.StripeEvent) -> None:
        called.append(event.id)
        raise ValueError("mistake")

    handlers.register(lambda event: called.append(event.id), "test.happened")
    handlers.register(fail, "test.failed")
    return called


@pytest.fixture
def stored(event: dict[str, Any], called: list[str]) -> list[str]:
    """Four events, a day apart, the last one today; all were tried once."""
    kinds = {"evt_1": "test.happened", "evt_2": "test.failed", "evt_3": "test.happened", "evt_4": "not.ours"}
    for age, (event_id, kind) in enumerate(reversed(kinds.items())):
        services.store_event(event | {"id": event_id, "type": kind})
        InboxEvent.objects.filter(event=event_id).update(received_at=sql.now() - timedelta(days=age))
        services.handle_event(event_id=event_id, now=sql.now())
    called.clear()
    return list(kinds)


def replay(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("replay_events", *arguments, "--json", stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


def ago(**time: float) -> str:
    return (sql.now() - timedelta(**time)).isoformat()


def test_a_handled_event_is_handled_again(stored: list[str], called: list[str]) -> None:
    assert replay("--id", "evt_1", *WHY)["handled"] == 1
    assert called == ["evt_1"]
    assert InboxEvent.objects.get(event="evt_1").outcome == InboxOutcome.HANDLED


def test_who_asked_and_why_and_the_outcome_before_are_recorded(stored: list[str]) -> None:
    replay("--id", "evt_2", "--id", "evt_4", *WHY)
    failed, aside = Replay.objects.order_by("event")
    assert {(row.actor, row.reason) for row in (failed, aside)} == {("dana via cli", "The handler was fixed")}
    assert (failed.outcome_before, failed.note_before) == ("", "ValueError: mistake")
    assert (aside.outcome_before, aside.note_before) == (InboxOutcome.SET_ASIDE, services.NOT_OURS)


@pytest.mark.parametrize(
    ("chosen", "events"),
    [
        (["--type", "test.happened"], ["evt_1", "evt_3"]),
        (["--type", "test.happened", "--type", "not.ours"], ["evt_1", "evt_3", "evt_4"]),
        (["--since", {"days": 1.5}], ["evt_3", "evt_4"]),
        (["--until", {"days": 1.5}], ["evt_1", "evt_2"]),
        (["--since", {"days": 2.5}, "--until", {"hours": 1}, "--type", "test.happened"], ["evt_3"]),
        (["--id", "evt_1", "--type", "not.ours"], []),
    ],
    ids=str,
)
def test_events_are_chosen_by_id_type_and_time_oldest_first(
    stored: list[str], called: list[str], chosen: list[Any], events: list[str]
) -> None:
    arguments = [ago(**part) if isinstance(part, dict) else part for part in chosen]
    assert replay("--dry-run", *arguments)["events"] == events
    assert called == []
    assert not Replay.objects.exists()
    assert replay(*arguments, *WHY)["replayed"] == len(events)
    assert called == [event_id for event_id in events if event_id != "evt_4"]


def test_a_failure_is_reported_and_does_not_stop_the_others(stored: list[str], called: list[str]) -> None:
    answer = replay("--since", ago(days=30), *WHY)
    assert answer == {
        "replayed": 4,
        "handled": 2,
        "set_aside": 1,
        "waiting": 1,
        "errors": {"evt_2": "ValueError: mistake"},
    }
    assert InboxEvent.objects.get(handled_at=None).pk == "evt_2"


def test_an_unknown_event_is_named(stored: list[str]) -> None:
    assert replay("--id", "evt_9", *WHY)["not_replayed"] == ["evt_9"]


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (WHY, "Choose events"),
        (["--id", "evt_1", "--actor", "dana"], "A reason is needed"),
        (["--id", "evt_9", "--reason", " ", "--actor", "dana"], "A reason is needed"),
        (["--id", "evt_1", "--reason", "Odd"], "--actor is missing"),
        (["--id", "evt_1", "--reason", "Odd", "--actor", "nobody"], "username 'nobody'"),
        (["--since", "2026-11-01T09:00:00", *WHY], "not an ISO 8601 time with an offset"),
        (["--until", "2026-13-01T09:00:00Z", *WHY], "not an ISO 8601 time"),
        (["--since", "yesterday", *WHY], "not an ISO 8601 time"),
    ],
    ids=str,
)
def test_a_replay_needs_events_a_reason_and_a_name(
    stored: list[str], called: list[str], arguments: list[str], refusal: str
) -> None:
    with pytest.raises(CommandError, match=refusal):
        replay(*arguments)
    assert called == []
    assert not Replay.objects.exists()


def test_an_event_whose_replay_was_interrupted_is_handled_by_the_sweep(
    stored: list[str], called: list[str]
) -> None:
    services.ask_for_replay(event_id="evt_3", act=Act("dana", "Odd"), now=sql.now())
    services.handle_due(at_most=10)
    assert called == ["evt_3"]
