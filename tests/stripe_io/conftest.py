"""Webhook deliveries, as Stripe makes them."""

import hmac
import json
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from stripe_io import handlers
from tests.answers import Answer
from tests.stripe_io.delivering import Deliver

PLATFORM, CONNECT, THIN = "whsec_platform_endpoint", "whsec_connect_endpoint", "whsec_thin_destination"


@pytest.fixture(autouse=True)
def secrets(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [PLATFORM]
    settings.STRIPE_CONNECT_WEBHOOK_SECRETS = [CONNECT]
    settings.STRIPE_THIN_WEBHOOK_SECRETS = [THIN]


@pytest.fixture(autouse=True)
def handlers_of_the_apps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the handlers that a test registers."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))


@pytest.fixture
def deliver() -> Deliver:
    """Post a body with this signature; an `event` is by default signed for the endpoint that it belongs to."""

    def deliver(
        event: object = None,
        *,
        body: str | bytes | None = None,
        secret: str | None = None,
        signature: str | None = None,
        age: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        text = json.dumps(event) if body is None else body
        sent = text.encode() if isinstance(text, str) else text
        if secret is None:
            secret = _secret_for(event if isinstance(event, dict) else {})
        if signature is None:
            moment = int(time.time()) - age
            signed = hmac.new(secret.encode(), f"{moment}.".encode() + sent, sha256).hexdigest()
            signature = f"t={moment},v1={signed}"
        return Client(raise_request_exception=False).post(
            "/webhooks/stripe",
            sent,
            content_type="application/json",
            headers={"Stripe-Signature": signature, **(headers or {})},
        )

    return deliver


def _secret_for(event: Mapping[str, Any]) -> str:
    if event.get("object") == "v2.core.event":
        return THIN
    return CONNECT if event.get("account") else PLATFORM


@pytest.fixture
def event() -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-08-26.dahlia",
        "created": 1_760_000_000,
        "data": {"object": {"id": "tr_1", "object": "transfer", "metadata": {}}},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": "req_1", "idempotency_key": "key-1"},
        "type": "transfer.created",
    }
