"""`POST /webhooks/stripe`: only what Stripe signed for us is stored, and it is stored once."""

from functools import partial
from typing import Any

import pytest
from celery import Celery
from celery.app import app_or_default
from django.test import Client
from djstripe.models import Event
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from stripe_io import handlers, services, tasks
from stripe_io.models import InboxEvent, InboxOutcome, KeptBody
from tests.stripe_io.delivering import Deliver
from tests.threads import at_once

pytestmark = pytest.mark.django_db
PLATFORM, CONNECT = "whsec_platform_endpoint", "whsec_connect_endpoint"


def stored() -> int:
    assert Event.objects.count() == InboxEvent.objects.count()
    return InboxEvent.objects.count()


def test_an_event_is_stored_and_waits_for_its_handler(deliver: Deliver, event: dict[str, Any]) -> None:
    assert deliver(event).status_code == 200
    row = InboxEvent.objects.select_related("event").get()
    assert (row.pk, row.type, row.account, row.handled_at) == ("evt_1", "transfer.created", "", None)
    assert row.event.stripe_data == event
    assert (row.event.request_id, row.event.idempotency_key) == ("req_1", "key-1")
    assert row.event.livemode is False


def test_an_event_of_a_connected_account_is_stored_with_it(deliver: Deliver, event: dict[str, Any]) -> None:
    assert deliver(event | {"account": "acct_1"}).status_code == 200
    assert InboxEvent.objects.get().account == "acct_1"
    assert Event.objects.get().djstripe_owner_account_id == "acct_1"


def test_the_same_event_twice_is_stored_once(deliver: Deliver, event: dict[str, Any]) -> None:
    assert [deliver(event).status_code for _ in range(3)] == [200] * 3
    assert stored() == 1


def test_an_event_that_nothing_acts_on_is_stored_and_set_aside(
    deliver: Deliver, event: dict[str, Any]
) -> None:
    assert deliver(event | {"type": "customer.created"}).status_code == 200
    assert InboxEvent.objects.get().outcome == InboxOutcome.SET_ASIDE


def test_only_a_new_event_with_a_handler_wakes_a_worker(
    deliver: Deliver,
    event: dict[str, Any],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for event_type, times in [("transfer.created", 1), ("transfer.created", 0), ("customer.created", 0)]:
        with django_capture_on_commit_callbacks() as notices:
            assert deliver(event | {"id": f"evt_{event_type}", "type": event_type}).status_code == 200
        assert [notice.__qualname__ for notice in notices] == ["stripe_io.sweep_inbox"] * times


@pytest.mark.parametrize("event_type", ["charge.refunded", "charge.dispute.created", "charge.dispute.closed"])
def test_events_about_the_platforms_charges_are_left_to_billing(
    deliver: Deliver, event: dict[str, Any], event_type: str
) -> None:
    assert deliver(event | {"type": event_type}).status_code == 200
    tasks.sweep_inbox()
    row = InboxEvent.objects.get()
    assert row.outcome == InboxOutcome.SET_ASIDE
    assert "Billing Service" in row.note


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "t=",
        "nonsense",
        "t=1760000000",
        "v1=abc",
        "t=now,v1=abc",
        "t=1760000000,v1=",
        "t=1760000000,v0=abc",
        "t=1760000000,v1=é",
        "t=99999999999999999999,v1=abc",
        ",,,",
        "=",
    ],
)
def test_a_signature_that_is_missing_or_malformed_is_refused(
    deliver: Deliver, event: dict[str, Any], signature: str
) -> None:
    assert deliver(event, signature=signature).status_code == 400
    assert stored() == 0


def test_a_signature_of_something_else_is_refused(deliver: Deliver, event: dict[str, Any]) -> None:
    body = '{"id": "evt_1"}'
    assert deliver(body=body, secret="whsec_guessed").status_code == 400
    assert deliver(event, secret="").status_code == 400
    assert stored() == 0


@pytest.mark.parametrize(("age", "status"), [(290, 200), (310, 400), (86_400, 400)])
def test_a_signature_older_than_five_minutes_is_refused(
    deliver: Deliver, event: dict[str, Any], age: int, status: int
) -> None:
    assert deliver(event, age=age).status_code == status
    assert stored() == (1 if status == 200 else 0)


def test_the_other_endpoints_secret_is_refused(deliver: Deliver, event: dict[str, Any]) -> None:
    assert deliver(event, secret=CONNECT).status_code == 400
    assert deliver(event | {"account": "acct_1"}, secret=PLATFORM).status_code == 400
    assert stored() == 0


def test_one_secret_works_for_both_endpoints(
    deliver: Deliver, event: dict[str, Any], settings: Settings
) -> None:
    """`stripe listen` works like this."""
    settings.STRIPE_CONNECT_WEBHOOK_SECRETS = [PLATFORM]
    assert deliver(event, secret=PLATFORM).status_code == 200
    assert deliver(event | {"id": "evt_2", "account": "acct_1"}, secret=PLATFORM).status_code == 200


def test_an_unsigned_body_is_refused_whatever_it_contains(deliver: Deliver) -> None:
    for body in (b"", b"[]", b"\xff", b'{"id": "\\ud83d"}'):
        assert deliver(body=body, secret="whsec_guessed").status_code == 400
    assert not KeptBody.objects.exists()


def test_an_unsigned_body_that_is_too_large_leaves_one_line_in_the_log_at_most(
    deliver: Deliver, event: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    for size, status in ((3_000_000, 400), (10_000_001, 413)):
        assert deliver(event | {"padding": "x" * size}, secret="whsec_guessed").status_code == status
    assert stored() == 0
    assert not [record for record in caplog.records if record.exc_info]
    assert len(caplog.records) <= 2


def test_a_large_event_is_an_event(deliver: Deliver, event: dict[str, Any]) -> None:
    event["data"]["object"]["padding"] = "x" * 3_000_000
    assert deliver(event).status_code == 200
    assert stored() == 1


def test_dj_stripes_own_header_does_nothing(
    deliver: Deliver, event: dict[str, Any], settings: Settings
) -> None:
    settings.DEBUG = True
    forged = {"x-djstripe-webhook-secret": "whsec_mine"}
    assert deliver(event, secret="whsec_mine", headers=forged).status_code == 400
    assert stored() == 0


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_is_accepted(client: Client, method: str) -> None:
    assert getattr(client, method)("/webhooks/stripe").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_parallel_deliveries_are_one_event_with_one_effect(deliver: Deliver, event: dict[str, Any]) -> None:
    effects: list[str] = []
    handlers.register(lambda event: effects.append(event.id), "test.happened")
    event |= {"type": "test.happened", "account": "acct_1"}
    assert [response.status_code for response in at_once(*[partial(deliver, event)] * 8)] == [200] * 8
    assert stored() == 1
    at_once(*[tasks.sweep_inbox] * 4)
    assert effects == ["evt_1"]


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_down_an_event_is_stored_and_handled_by_the_sweep(
    deliver: Deliver, event: dict[str, Any]
) -> None:
    effects: list[str] = []
    handlers.register(lambda event: effects.append(event.id), "test.happened")
    ours = app_or_default()
    unreachable = Celery(broker="redis://127.0.0.1:9/0", set_as_current=True)
    unreachable.conf.broker_transport_options = ours.conf.broker_transport_options
    try:
        assert deliver(event | {"type": "test.happened"}).status_code == 200
    finally:
        ours.set_current()
    assert effects == []
    tasks.sweep_inbox()
    assert effects == ["evt_1"]
    assert InboxEvent.objects.get().outcome == InboxOutcome.HANDLED


def test_a_failure_to_store_is_a_5xx_so_that_stripe_sends_the_event_again(
    deliver: Deliver, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(event: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as failing:
        failing.setattr(services, "store_event", fail)
        assert deliver(event).status_code == 500
    assert deliver(event).status_code == 200
