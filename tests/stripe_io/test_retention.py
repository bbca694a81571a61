"""Handled events are deleted after some time; what may still be needed stays."""

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from djstripe.models import Event

from database import sql
from database.staff import Act
from stripe_io import handlers, retention, services, tasks
from stripe_io.models import BodyReason, InboxEvent, KeptBody

pytestmark = pytest.mark.django_db


def fail(event: handlers.StripeEvent) -> None:
    raise ValueError("mistake")


@pytest.fixture(autouse=True)
def types() -> None:
    """Handlers of `test.happened`, and of `test.failed`, which fails."""
    handlers.register(lambda event: None, "test.happened")
    handlers.register(fail, "test.failed")


def arrive(event: dict[str, Any], event_id: str, kind: str = "test.happened") -> InboxEvent:
    """Store an event that came long ago, and hand it to its handler."""
    long_ago = sql.now() - timedelta(days=settings.STRIPE_EVENT_DAYS + 1)
    services.store_event(event | {"id": event_id, "type": kind})
    services.handle_event(event_id=event_id, now=sql.now())
    InboxEvent.objects.filter(event=event_id).update(received_at=long_ago)
    InboxEvent.objects.filter(event=event_id, handled_at__isnull=False).update(handled_at=long_ago)
    return InboxEvent.objects.get(event=event_id)


def kept() -> set[str]:
    ids = set(map(str, InboxEvent.objects.values_list("event_id", flat=True)))
    assert set(Event.objects.values_list("id", flat=True)) == ids
    return ids


def test_only_events_handled_long_ago_are_deleted(event: dict[str, Any]) -> None:
    arrive(event, "evt_old")
    recent = arrive(event, "evt_recent")
    InboxEvent.objects.filter(pk=recent.pk).update(handled_at=sql.now() - timedelta(days=1))
    arrive(event, "evt_failing", "test.failed")
    arrive(event, "evt_set_aside", "not.ours")
    assert not retention.forget_events(now=sql.now())
    assert kept() == {"evt_recent", "evt_failing", "evt_set_aside"}


def test_what_was_replayed_or_came_in_another_form_stays(event: dict[str, Any]) -> None:
    arrive(event, "evt_replayed")
    services.ask_for_replay(event_id="evt_replayed", act=Act("dana", "A new version"), now=sql.now())
    services.handle_event(event_id="evt_replayed", now=sql.now())
    InboxEvent.objects.update(handled_at=sql.now() - timedelta(days=settings.STRIPE_EVENT_DAYS + 1))
    mended = arrive(event, "evt_mended")
    KeptBody.objects.create(digest="d", body=b"{}", reason=BodyReason.TEXT, note="a NUL", event=mended)
    retention.forget_events(now=sql.now())
    assert kept() == {"evt_replayed", "evt_mended"}


def test_events_are_deleted_in_small_batches_oldest_first(
    event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(retention, "EVENTS_AT_ONCE", 2)
    monkeypatch.setattr(current_app, "send_task", sent.append)
    for number in range(3):
        row = arrive(event, f"evt_{number}")
        row.handled_at = sql.now() - timedelta(days=settings.STRIPE_EVENT_DAYS + 10 - number)
        row.save(update_fields=["handled_at"])
    tasks.forget_events()
    assert kept() == {"evt_2"}
    assert sent == ["stripe_io.forget_events"]
    tasks.forget_events()
    assert kept() == set()
    assert len(sent) == 1
