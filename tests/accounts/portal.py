"""Onboarding as the portal and a creator's browser experience it."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

from tests.answers import Answer
from tests.api import caller, nobody
from tests.browser import Browser
from tests.local_stripe import Stripe

ONBOARD = "/api/v1/accounts/onboard"
CALLBACK = "/api/v1/accounts/onboard/callback"
OUTAGES = [{"kind": "connection_reset"}, {"kind": "status", "status": 503}, {"kind": "status", "status": 401}]


def onboard(creator: str = "alice", **params: str) -> Answer:
    return caller(creator).post(ONBOARD, params, format="json")


def link(creator: str = "alice", **params: str) -> str:
    answer = onboard(creator, **params)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["onboarding_url"])


def come_back(location: str) -> Answer:
    """Follow Stripe's redirect to our callback."""
    assert location.startswith(f"{settings.PUBLIC_URL}{CALLBACK}?"), location
    return nobody().get(location.removeprefix(settings.PUBLIC_URL))


def through(browser: Browser, end: str, creator: str = "alice") -> str:
    """Go through onboarding to this end; return where the browser is finally redirected."""
    browser.follow(link(creator))
    answer = come_back(browser.choose(end).location)
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def portal_query(location: str) -> dict[str, str]:
    """Return the query of a redirect to the portal."""
    address, _, query = location.partition("?")
    assert address == settings.CREATOR_PORTAL_URL, location
    return dict(parse_qsl(query))


def state_of(location: str) -> str:
    return dict(parse_qsl(urlsplit(location).query))["state"]


def connected(sandbox: Stripe) -> list[dict[str, Any]]:
    """List the accounts at Stripe, except the platform's own."""
    state = sandbox.state()
    return [account for account in state["accounts"] if account["id"] != state["platform"]]


def at_stripe(sandbox: Stripe, act: str, **params: str) -> None:
    """Make something happen to the one account."""
    (account,) = connected(sandbox)
    sandbox.control(f"accounts/{account['id']}/{act}", **params)
