"""The inbox hands each stored event to its handler until it is handled, and keeps the errors."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from celery import current_app

from database import sql
from stripe_io import handlers, services, tasks
from stripe_io.errors import NotYet, SetAside
from stripe_io.handlers import Handler, StripeEvent
from stripe_io.models import InboxEvent, InboxOutcome

pytestmark = pytest.mark.django_db

HandledBy = Callable[[Handler], InboxEvent]


@pytest.fixture
def handled_by(event: dict[str, Any]) -> HandledBy:
    """Register a handler, and store an event for it."""

    def handled_by(handler: Handler) -> InboxEvent:
        handlers.register(handler, "test.happened")
        services.store_event(event | {"type": "test.happened", "account": "acct_1"})
        return InboxEvent.objects.get()

    return handled_by


class Fails:
    """A handler that raises these errors, one per call, and then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.events: list[StripeEvent] = []

    def __call__(self, event: StripeEvent) -> None:
        self.events.append(event)
        if self.errors:
            raise self.errors.pop(0)


def handle(*, after: timedelta = timedelta()) -> InboxEvent:
    services.handle_event(event_id="evt_1", now=sql.now() + after)
    return InboxEvent.objects.get()


def test_a_handler_receives_the_event_and_its_account(handled_by: HandledBy) -> None:
    handler = Fails()
    handled_by(handler)
    assert handle().outcome == InboxOutcome.HANDLED
    (event,) = handler.events
    assert (event.id, event.type, event.account) == ("evt_1", "test.happened", "acct_1")
    assert event.object["id"] == "tr_1"
    assert event.created == datetime.fromtimestamp(1_760_000_000, tz=UTC)


def test_a_handled_event_is_not_handled_again(handled_by: HandledBy) -> None:
    handler = Fails()
    handled_by(handler)
    for days in range(3):
        handle(after=timedelta(days=days))
    assert len(handler.events) == 1


def test_after_an_error_the_event_is_retried_with_a_growing_backoff(
    handled_by: HandledBy,
) -> None:
    handler = Fails(*[ValueError(f"mistake {number}") for number in range(14)])
    handled_by(handler)
    now = sql.now()
    waits = []
    for tries in range(1, 15):
        assert not services.handle_event(event_id="evt_1", now=now)
        row = InboxEvent.objects.get()
        assert (row.tries, row.handled_at, row.outcome) == (tries, None, "")
        assert row.error == f"ValueError: mistake {tries - 1}"
        assert not services.handle_event(event_id="evt_1", now=row.next_try_at - timedelta(microseconds=1))
        waits.append(row.next_try_at - now)
        now = row.next_try_at
    assert waits[0] == services.FIRST_RETRY
    assert waits[-1] == services.LONGEST_RETRY
    assert all(later == min(2 * earlier, services.LONGEST_RETRY) for earlier, later in pairwise(waits))
    assert services.handle_event(event_id="evt_1", now=now)
    row = InboxEvent.objects.get()
    assert (row.outcome, row.error) == (InboxOutcome.HANDLED, "")
    assert len(handler.events) == 15


def test_not_yet_is_tried_again(handled_by: HandledBy) -> None:
    handled_by(Fails(NotYet("our own write is still to come")))
    assert handle().error == "not yet: our own write is still to come"
    assert handle(after=timedelta(minutes=1)).outcome == InboxOutcome.HANDLED


def test_set_aside_is_kept_with_its_reason_and_not_tried_again(
    handled_by: HandledBy,
) -> None:
    handler = Fails(SetAside("not ours"))
    handled_by(handler)
    row = handle()
    assert (row.outcome, row.note, row.error) == (InboxOutcome.SET_ASIDE, "not ours", "")
    handle(after=timedelta(days=1))
    assert len(handler.events) == 1


def test_while_one_worker_handles_an_event_others_skip_it(
    handled_by: HandledBy,
) -> None:
    inner: list[bool] = []

    def handler(event: StripeEvent) -> None:
        inner.append(services.handle_event(event_id=event.id, now=sql.now()))

    handled_by(handler)
    assert handle().outcome == InboxOutcome.HANDLED
    assert inner == [False]


@pytest.mark.parametrize("late", [[], [ValueError("too late")]], ids=["succeeds", "fails"])
@pytest.mark.parametrize("meanwhile", [[], [ValueError("bad")]], ids=["handled", "failed"])
def test_a_handler_that_outlived_its_lease_does_not_overwrite_another_workers_outcome(
    handled_by: HandledBy, late: list[Exception], meanwhile: list[Exception]
) -> None:
    recorded: list[object] = []

    def slow(event: StripeEvent) -> None:
        handlers.register(Fails(*meanwhile), "test.happened")
        row = handle(after=services.LEASE)
        assert (row.handled_at is None, row.tries) == (bool(meanwhile), 2)
        recorded.extend(InboxEvent.objects.values())
        for error in late:
            raise error

    handled_by(slow)
    handle()
    assert recorded
    assert list(InboxEvent.objects.values()) == recorded


def test_an_event_whose_worker_died_is_taken_again(handled_by: HandledBy) -> None:
    def die(event: StripeEvent) -> None:
        raise KeyboardInterrupt

    handled_by(die)
    with pytest.raises(KeyboardInterrupt):
        handle()
    handlers.register(Fails(), "test.happened")
    assert services.handle_due(at_most=1) == 0
    assert handle(after=services.LEASE).outcome == InboxOutcome.HANDLED


def test_one_bad_event_does_not_stop_the_others(event: dict[str, Any], handled_by: HandledBy) -> None:
    handled_by(Fails(ValueError("bad")))
    services.store_event(event | {"id": "evt_2", "type": "test.happened"})
    assert services.handle_due(at_most=10) == 2
    assert InboxEvent.objects.get(event="evt_1").error == "ValueError: bad"
    assert InboxEvent.objects.get(event="evt_2").outcome == InboxOutcome.HANDLED


def test_an_error_that_postgresql_cannot_store_is_kept_anyway(
    handled_by: HandledBy,
) -> None:
    handled_by(Fails(ValueError("a\0b")))
    assert "ValueError: a" in handle().error


def test_storing_an_event_again_keeps_its_outcome(event: dict[str, Any], handled_by: HandledBy) -> None:
    handled_by(Fails())
    handled = handle()
    assert services.store_event(event) is False
    assert InboxEvent.objects.get().handled_at == handled.handled_at


def test_the_longest_due_events_are_handled_first_and_no_more_than_a_share(
    event: dict[str, Any], handled_by: HandledBy
) -> None:
    handler = Fails()
    handled_by(handler)
    for number, minutes in ((2, 3), (3, 2), (4, -1)):
        services.store_event(event | {"id": f"evt_{number}", "type": "test.happened"})
        due = sql.now() - timedelta(minutes=minutes)
        InboxEvent.objects.filter(event=f"evt_{number}").update(next_try_at=due)
    assert services.handle_due(at_most=2) == 2
    assert [handled.id for handled in handler.events] == ["evt_2", "evt_3"]
    assert services.handle_due(at_most=2) == 1
    assert handler.events[-1].id == "evt_1"


@pytest.mark.parametrize(("waiting", "followed"), [(1, False), (2, True), (3, True)])
def test_a_task_that_did_its_share_is_followed_by_another(
    event: dict[str, Any],
    handled_by: HandledBy,
    monkeypatch: pytest.MonkeyPatch,
    waiting: int,
    followed: bool,
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(tasks, "SHARE", 2)
    monkeypatch.setattr(current_app, "send_task", sent.append)
    handled_by(Fails())
    for number in range(2, waiting + 1):
        services.store_event(event | {"id": f"evt_{number}", "type": "test.happened"})
    tasks.sweep_inbox()
    assert InboxEvent.objects.filter(outcome=InboxOutcome.HANDLED).count() == min(waiting, 2)
    assert sent == ["stripe_io.sweep_inbox"] * followed
