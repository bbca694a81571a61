"""Onboarding as the portal and a creator's browser go through it."""

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


def onboard(creator: str = "alice", **given: str) -> Answer:
    return caller(creator).post(ONBOARD, given, format="json")


def link(creator: str = "alice", **given: str) -> str:
    answer = onboard(creator, **given)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["onboarding_url"])


def come_back(location: str) -> Answer:
    """Ask our own address for what Stripe sent the browser there with."""
    assert location.startswith(f"{settings.PUBLIC_URL}{CALLBACK}?"), location
    return nobody().get(location.removeprefix(settings.PUBLIC_URL))


def through(browser: Browser, end: str, creator: str = "alice") -> str:
    """Go through onboarding to this end; return where the browser is sent in the end."""
    browser.follow(link(creator))
    answer = come_back(browser.choose(end).location)
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def told_portal(location: str) -> dict[str, str]:
    """Return what the portal is told there, which is all that its address has."""
    address, _, query = location.partition("?")
    assert address == settings.CREATOR_PORTAL_URL, location
    return dict(parse_qsl(query))


def state_of(location: str) -> str:
    return dict(parse_qsl(urlsplit(location).query))["state"]


def connected(sandbox: Stripe) -> list[dict[str, Any]]:
    """The accounts at Stripe but for the platform's own."""
    state = sandbox.state()
    return [account for account in state["accounts"] if account["id"] != state["platform"]]


def at_stripe(sandbox: Stripe, act: str, **params: str) -> None:
    """Have something happen to the one account."""
    (account,) = connected(sandbox)
    sandbox.control(f"accounts/{account['id']}/{act}", **params)
