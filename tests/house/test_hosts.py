"""Probes are answered under any host name, everything else only under ours; links always use the public URL."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import get_resolver
from pytest_django import Settings

from payouts.states import PayoutStatus
from payouts_project.hosts import PROBES
from tests.api import caller
from tests.factories import PayoutFactory
from tests.house.test_endpoints import addresses
from tests.payouts.market import Market
from web.cursors import PositionPages
from web.pagination import NumberedPages

ROOT = Path(__file__).parents[2]
OURS = ("accounts", "earnings", "payouts", "payouts_project", "platform")
POD = "10.42.8.201:8086"
PUBLIC = "https://payouts.example.com/money"

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("host", [POD, "payouts.internal:8086", "[fd00::7]:8086", "a b", "", "evil.example"])
@pytest.mark.parametrize("path", sorted(PROBES))
def test_probes_answer_whatever_the_host(path: str, host: str) -> None:
    assert Client(raise_request_exception=False).get(path, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/admin/login/",
        "/api/v1/earnings",
        "/api/docs",
        "/webhooks/stripe",
        "/health/",
        "/metrics/",
        "//health",
    ],
)
def test_everything_else_refuses_unknown_hosts(path: str) -> None:
    assert Client(raise_request_exception=False).get(path, headers={"Host": POD}).status_code == 400


def test_every_probe_is_one_of_our_urls() -> None:
    assert {f"/{pattern.pattern}" for pattern in get_resolver().url_patterns} >= PROBES


def links(address: str) -> list[str]:
    """Follow `next` to the last page, and return all links."""
    found: list[str] = []
    following: str | None = address
    while following:
        answer = caller("alice").get(following.removeprefix(PUBLIC), headers={"Host": "127.0.0.1:8086"})
        assert answer.status_code == 200, answer.content
        page = answer.json()
        found += [link for link in (page["previous"], page["next"]) if link]
        following = page["next"]
    return found


def test_links_in_lists_use_the_public_url(settings: Settings) -> None:
    settings.PUBLIC_URL = PUBLIC
    market = Market()
    alice = market.creator("alice")
    for _ in range(2):
        market.sell(alice, 50_00)
    payout = market.payout(alice)
    PayoutFactory.create_batch(2, creator=alice, status=PayoutStatus.FAILED)
    for address in ("/api/v1/payouts", f"/api/v1/payouts/{payout.pk}/records"):
        found = links(f"{address}?page_size=1")
        assert len(found) == 4
        assert all(link.startswith(f"{PUBLIC}{address}?") for link in found), found


def test_every_list_uses_pagination_with_such_links() -> None:
    """The framework's own pagination would use whatever Host a proxy passed on."""
    views = [getattr(callback, "cls", None) for _, callback in addresses()]
    pages = {getattr(view, "pagination_class", None) for view in views} - {None}
    assert pages == {NumberedPages, PositionPages}


def test_no_link_is_built_from_the_host() -> None:
    made = re.compile(r"build_absolute_uri|get_host\(")
    using = {
        str(path.relative_to(ROOT))
        for top in OURS
        for path in (ROOT / top).rglob("*.py")
        if any(made.search(line) and "public_link" not in line for line in path.read_text().splitlines())
    }
    assert using == set()
