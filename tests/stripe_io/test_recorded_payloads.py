"""Webhook payloads recorded by others. The oldest have shapes that Stripe no longer sends."""

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import CreatorPaymentAccount
from stripe_io import tasks
from stripe_io.models import InboxEvent, InboxOutcome
from tests.factories import CreatorPaymentAccountFactory
from tests.local_stripe import Stripe
from tests.stripe_io.delivering import Deliver

PAYLOADS = sorted((Path(__file__).parents[1] / "stripe" / "webhooks").glob("*/*.json"))
OF_ACCOUNTS = [path for path in PAYLOADS if "account" in path.stem and not path.stem.startswith("payout")]


def events(path: Path) -> list[dict[str, Any]]:
    """Read the events in a file; a bare object is wrapped in events."""
    payload = json.loads(path.read_text())
    if payload.get("object") == "event":
        return [payload]
    kind = str(payload.get("object"))
    return [
        {
            "id": f"evt_{path.stem}_{event_type}",
            "object": "event",
            "created": 1_600_000_000,
            "livemode": False,
            "type": event_type,
            "data": {"object": payload},
        }
        for event_type in (f"{kind}.updated", f"{kind}.paid", f"{kind}.failed")
    ]


def test_there_are_recorded_payloads() -> None:
    assert len(PAYLOADS) > 20


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_payload_is_stored_and_handled_or_set_aside(
    path: Path, deliver: Deliver, sandbox: Stripe, settings: Settings
) -> None:
    for event in events(path):
        settings.STRIPE_LIVE_MODE = bool(event["livemode"])
        assert deliver(event).status_code == 200
        tasks.sweep_inbox()
        row = InboxEvent.objects.get(event=event["id"])
        assert row.outcome in {InboxOutcome.HANDLED, InboxOutcome.SET_ASIDE}, row.error


@pytest.mark.django_db
@pytest.mark.parametrize("path", OF_ACCOUNTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_payload_about_an_account_that_we_have_is_handled_or_set_aside(
    path: Path, deliver: Deliver, sandbox: Stripe
) -> None:
    """Stripe answers that we can no longer use the account."""
    for event in events(path):
        payload = event["data"]["object"]
        CreatorPaymentAccountFactory.create(
            stripe_account_id=event.get("account") or payload.get("account") or payload["id"]
        )
        assert deliver(event).status_code == 200
        tasks.sweep_inbox()
        row = InboxEvent.objects.get(event=event["id"])
        assert row.outcome in {InboxOutcome.HANDLED, InboxOutcome.SET_ASIDE}, row.error
        account = CreatorPaymentAccount.objects.get()
        assert (account.gone_at is not None) == (row.outcome == InboxOutcome.HANDLED)
        account.delete()
