"""Thin events of Stripe's v2 API: stored like all others, without their object, which has to be asked for."""

from typing import Any

import pytest
from djstripe.models import Event
from pytest_django import Settings

from stripe_io import handlers, tasks
from stripe_io.handlers import StripeEvent
from stripe_io.models import InboxEvent, InboxOutcome, KeptBody
from tests.stripe_io.delivering import Deliver

pytestmark = pytest.mark.django_db
ACCOUNT = {"id": "acct_1", "type": "v2.core.account", "url": "/v2/core/accounts/acct_1"}


@pytest.fixture
def thin() -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "v2.core.event",
        "type": "v2.core.account[requirements].updated",
        "livemode": False,
        "created": "2026-11-28T05:00:00.000Z",
        "context": None,
        "reason": {"type": "request", "request": {"id": "req_1", "idempotency_key": "key-1"}},
        "related_object": ACCOUNT,
    }


def test_a_thin_event_is_stored_with_empty_data(deliver: Deliver, thin: dict[str, Any]) -> None:
    assert deliver(thin).status_code == 200
    row = InboxEvent.objects.select_related("event").get()
    assert (row.type, row.account, row.handled_at) == (thin["type"], "acct_1", None)
    assert (row.event.data, row.event.stripe_data) == ({}, thin)
    assert (row.event.request_id, row.event.idempotency_key) == ("req_1", "key-1")
    assert row.event.created.isoformat() == "2026-11-28T05:00:00+00:00"
    assert Event.objects.get().djstripe_owner_account_id == "acct_1"


def test_the_handler_of_a_thin_event_gets_its_account_and_no_object(
    deliver: Deliver, thin: dict[str, Any]
) -> None:
    handled: list[StripeEvent] = []
    handlers.register(handled.append, "test.happened")
    assert deliver(thin | {"type": "test.happened"}).status_code == 200
    tasks.sweep_inbox()
    (event,) = handled
    assert (event.account, event.object) == ("acct_1", {})


@pytest.mark.parametrize(
    ("parts", "account"),
    [
        ({}, "acct_1"),
        ({"context": "acct_platform"}, "acct_1"),
        ({"related_object": None, "context": "acct_2"}, "acct_2"),
        (
            {"related_object": {"id": "per_1", "type": "v2.core.account_person"}, "context": "acct_2"},
            "acct_2",
        ),
        ({"related_object": None}, ""),
    ],
    ids=["what it is about", "before where it happened", "where it happened", "a person's", "neither"],
)
def test_a_thin_event_names_its_account_as_what_it_is_about_or_where_it_happened(
    deliver: Deliver, thin: dict[str, Any], parts: dict[str, Any], account: str
) -> None:
    assert deliver(thin | parts).status_code == 200
    assert InboxEvent.objects.get().account == account


@pytest.mark.parametrize(
    "event_type", ["v1.account.updated", "v1.payout.paid", "v2.core.event_destination.ping", "v9.anything"]
)
def test_a_thin_event_that_nothing_acts_on_is_accepted_and_set_aside(
    deliver: Deliver, thin: dict[str, Any], event_type: str
) -> None:
    assert deliver(thin | {"type": event_type}).status_code == 200
    assert InboxEvent.objects.get().outcome == InboxOutcome.SET_ASIDE


def test_a_thin_event_has_a_secret_of_its_own(
    deliver: Deliver, thin: dict[str, Any], event: dict[str, Any], settings: Settings
) -> None:
    assert deliver(thin, secret="whsec_platform_endpoint").status_code == 400
    assert deliver(event, secret="whsec_thin_destination").status_code == 400
    assert deliver(event | {"account": "acct_1"}, secret="whsec_thin_destination").status_code == 400
    assert not InboxEvent.objects.exists()
    settings.STRIPE_THIN_WEBHOOK_SECRETS = ["whsec_new", "whsec_thin_destination"]
    for number, secret in enumerate(settings.STRIPE_THIN_WEBHOOK_SECRETS):
        assert deliver(thin | {"id": f"evt_{number}"}, secret=secret).status_code == 200


@pytest.mark.parametrize(
    "parts",
    [
        {"id": None},
        {"type": 1},
        {"livemode": "no"},
        {"created": "soon"},
        {"related_object": None, "context": 1},
    ],
    ids=str,
)
def test_a_thin_event_of_another_shape_is_kept(
    deliver: Deliver, thin: dict[str, Any], parts: dict[str, Any]
) -> None:
    assert deliver(thin | parts).status_code == 200
    assert not InboxEvent.objects.exists()
    assert KeptBody.objects.get().reason == "not_an_event"


def test_a_thin_event_of_the_other_mode_is_accepted_and_counted(
    deliver: Deliver, thin: dict[str, Any]
) -> None:
    assert deliver(thin | {"livemode": True}).status_code == 200
    kept = KeptBody.objects.get()
    assert (kept.reason, kept.told_account) == ("other_mode", "acct_1")
