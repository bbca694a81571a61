"""What all tests share: the real database, and a sandbox that stands for Stripe, over real HTTP."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import stripe
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from pytest_django import Settings

from database import sql
from payouts import tasks as payout_tasks
from payouts.models import Payout
from payouts.services import sweeps
from sandbox.config import Config
from sandbox.server import SandboxServer
from stripe_io import client as stripe_io
from stripe_io import services as inbox
from stripe_io.handlers import handler_of
from tests.factories import UserFactory
from tests.running import service

__all__ = ["service"]  # a fixture for all: the service as real processes

# For tests that are marked full: a storm of chaos takes some minutes, and may share its cores with another.
FULL_TIMEOUT_SECONDS = 900

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(pytest.mark.timeout(FULL_TIMEOUT_SECONDS))


def _delete_all(self: DatabaseOperations, style: Any, tables: Sequence[str], **options: Any) -> list[str]:
    """Empty the tables after a test that commits: with few rows in many tables, TRUNCATE takes a hundred times as long.

    As a replica, the tables forget that what is booked is never deleted.
    """
    deletions = [f"DELETE FROM {self.quote_name(table)}" for table in tables]
    return ["SET LOCAL session_replication_role = replica", *deletions]


DatabaseOperations.sql_flush = _delete_all  # type: ignore[assignment, method-assign]


class Stripe:
    """The sandbox as a test sees it: its controls, its record of what it moved, and its webhooks."""

    def __init__(self, client: stripe.StripeClient, http: Client, secrets: list[str]) -> None:
        self._client = client
        self._http = http
        self._secrets = secrets
        self._delivered: set[str] = set()

    def fund(self, amount: int, currency: str = "usd") -> None:
        self._client.raw_request("post", "/_sandbox/fund", amount=amount, currency=currency)

    def inject(self, *rules: dict[str, Any]) -> None:
        self._client.raw_request("post", "/_sandbox/faults", rules=list(rules))

    def clear_faults(self) -> None:
        self._client.raw_request("delete", "/_sandbox/faults")

    def control(self, path: str, **facts: Any) -> dict[str, Any]:
        """Do what a bank, an account holder or Stripe's dashboard would; answer what became of it."""
        return dict(self._client.raw_request("post", f"/_sandbox/{path}", **facts).data)

    def state(self, *only: str) -> dict[str, Any]:
        """Return its whole record, or some parts of it."""
        asked = {"only": list(only)} if only else {}
        return dict(self._client.raw_request("get", "/_sandbox/state", **asked).data)

    def transfers(self) -> list[dict[str, Any]]:
        return list(self.state("transfers")["transfers"])

    def pays(self) -> bool:
        """Tell whether some bank payout is still on its way."""
        return any(
            payout["status"] in {"pending", "in_transit"} for payout in self.state("payouts")["payouts"]
        )

    def deliver_webhooks(self) -> int:
        """Post the events that we act on and that are not delivered yet to our own address; return how many."""
        new = [
            event
            for event in self.state("events")["events"]
            if event["id"] not in self._delivered and handler_of(event["type"])
        ]
        for event in new:
            assert self.post_event(event).status_code == 200
            self._delivered.add(event["id"])
        return len(new)

    def post_event(self, event: dict[str, Any]) -> Any:
        body = json.dumps(event)
        secret = self._secrets[1 if event.get("account") else 0]
        moment = int(time.time())
        signature = stripe.WebhookSignature._compute_signature(f"{moment}.{body}", secret)
        return self._http.post(
            "/webhooks/stripe",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": f"t={moment},v1={signature}"},
        )


@pytest.fixture(autouse=True)
def many_refusals(settings: Settings) -> None:
    """Let tests be refused as often as they like: they all come from one address."""
    settings.REQUESTS_PER_MINUTE = {**settings.REQUESTS_PER_MINUTE, "refused": 1_000_000}


@pytest.fixture
def sandbox_options() -> dict[str, Any]:
    """How the sandbox is set; a test that needs another one parametrizes this."""
    return {}


@pytest.fixture
def sandbox(tmp_path: Path, settings: Settings, sandbox_options: dict[str, Any]) -> Iterator[Stripe]:
    """A fresh local Stripe, with plenty of money, which the service takes for the real one."""
    options = {"payout_seconds": 0, **sandbox_options}
    config = Config(state=tmp_path / "stripe", api_key=settings.STRIPE_SECRET_KEY, **options)
    with SandboxServer(config) as server:
        settings.STRIPE_API_BASE = server.url
        settings.STRIPE_REQUESTS_PER_SECOND = 10_000
        stripe_io.client.cache_clear()
        client = stripe.StripeClient(config.api_key, base_addresses={"api": server.url})
        told = Stripe(client, Client(), settings.STRIPE_WEBHOOK_SECRETS)
        told.fund(1_000_000_000)
        yield told
    stripe_io.client.cache_clear()


@pytest.fixture
def dana_and_erin(db: None) -> None:
    """Two members of staff who may do everything."""
    for name in ("dana", "erin"):
        UserFactory.create(username=name, is_superuser=True)


@pytest.fixture
def settle(sandbox: Stripe) -> Callable[[], None]:
    """Do what workers and beat would do, until nothing is due and Stripe has nothing new to tell."""

    def settle() -> None:
        for _ in range(500):
            due = Payout.objects.filter(next_retry_at__lte=sql.now(), status__in=sweeps.STEPS)
            payout_tasks.attend_due(new=True)
            told = sandbox.deliver_webhooks()
            handled = inbox.handle_due(at_most=1_000)
            if not (told or handled or due.exists() or sandbox.pays()):
                return
            time.sleep(0.02)
        raise AssertionError("nothing settles")

    return settle
