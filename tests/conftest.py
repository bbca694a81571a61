"""Fixtures of all tests: the real database, and a sandbox instead of Stripe, over real HTTP."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import stripe
from django import conf
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from database import sql
from database.staff import Right
from payouts import tasks as payout_tasks
from payouts.models import Payout
from payouts.services import sending
from sandbox.config import Config
from sandbox.server import SandboxServer
from stripe_io import client as stripe_io
from stripe_io import services as inbox
from tests import emptying
from tests.factories import UserFactory
from tests.local_stripe import Stripe
from tests.running import service
from web import redis_client

__all__ = ["service"]  # a fixture: the service as real processes

# For tests marked full: a chaos storm takes some minutes, and may share its cores with another.
FULL_TIMEOUT_SECONDS = 900

# No deadline: how long an example takes depends on how busy the machine is.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_configure() -> None:
    """Let each test client find static files when asked: otherwise each reads the times of all of them first."""
    conf.settings.WHITENOISE_AUTOREFRESH = True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(pytest.mark.timeout(FULL_TIMEOUT_SECONDS))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Prepare the migrated database for tests that commit."""
    with django_db_blocker.unblock():
        emptying.empty_by_copying()


@pytest.fixture(autouse=True)
def many_refusals(settings: Settings) -> None:
    """Lift the limit on refused requests: all tests use the same address."""
    settings.REQUESTS_PER_MINUTE = {**settings.REQUESTS_PER_MINUTE, "refused": 1_000_000}


@pytest.fixture
def sandbox_options() -> dict[str, Any]:
    """Options of the sandbox; tests that need others parametrize this."""
    return {}


@pytest.fixture
def sandbox_state(tmp_path: Path) -> Path:
    """The folder of the sandbox's state; tests that start with one override this."""
    return tmp_path / "stripe"


@pytest.fixture
def sandbox(
    sandbox_state: Path,
    settings: Settings,
    sandbox_options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stripe]:
    """A fresh local Stripe with plenty of money, which the service uses instead of the real one.

    The service has already checked whose key it has, so that a test's faults and counts are of its own requests.
    It tries failed reads again as often as ever, but sooner.
    """
    monkeypatch.setattr(stripe_io, "READ_PAUSES", tuple(pause / 50 for pause in stripe_io.READ_PAUSES))
    options = {"payout_seconds": 0, **sandbox_options}
    config = Config(state=sandbox_state, api_key=settings.STRIPE_SECRET_KEY, **options)
    with SandboxServer(config) as server:
        settings.STRIPE_API_BASE = server.url
        settings.STRIPE_REQUESTS_PER_SECOND = 10_000
        settings.STRIPE_TOTAL_REQUESTS_PER_SECOND = 0
        stripe_io.forget_checks()
        stripe_io.checks[settings.STRIPE_SECRET_KEY, server.url].passed = True
        client = stripe.StripeClient(config.api_key, base_addresses={"api": server.url})
        sandbox = Stripe(client, Client())
        sandbox.fund(1_000_000_000)
        yield sandbox
    stripe_io.forget_checks()


def forget_pace() -> None:
    """Forget that an earlier test was answered 429, after which each request waits for a second."""
    with redis_client.client() as valkey:
        for key in valkey.scan_iter("stripe:*"):
            valkey.delete(key)


@pytest.fixture
def dana_and_erin(db: None) -> None:
    """Two members of staff with all rights."""
    for name in ("dana", "erin"):
        UserFactory.create(username=name, rights=list(Right))


@pytest.fixture
def settle(sandbox: Stripe) -> Callable[[], None]:
    """Do the work of workers and beat until nothing is due and Stripe has no new events."""

    def settle() -> None:
        for _ in range(500):
            due = Payout.objects.filter(next_retry_at__lte=sql.now(), status__in=sending.ATTENDED)
            payout_tasks.attend_due(new=True)
            delivered = sandbox.deliver_webhooks()
            handled = inbox.handle_due(at_most=1_000)
            if not (delivered or handled or due.exists() or sandbox.pays()):
                return
            time.sleep(0.02)
        raise AssertionError("nothing settles")

    return settle
