"""Fixtures: a browser, and the portal that it returns to."""

import pytest
from pytest_django import Settings

from tests.browser import Browser


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture(autouse=True)
def portal(settings: Settings) -> None:
    settings.CREATOR_PORTAL_URL = "https://portal.example/payouts"


@pytest.fixture(autouse=True)
def api(request: pytest.FixtureRequest, settings: Settings) -> str:
    """The API that opens accounts: v1, or both by turns in tests marked BOTH_APIS."""
    chosen = str(getattr(request, "param", "v1"))
    settings.STRIPE_ACCOUNTS = chosen
    return chosen
