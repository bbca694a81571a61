"""Returning from Stripe: the browser is always redirected, and the portal learns what happened."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.signing import TimestampSigner, b62_encode
from django.db import connection
from pytest_django import Settings

from accounts.callback import ALL_REASONS
from accounts.models import AccountStatus, CreatorPaymentAccount
from database import sql
from tests.accounts.portal import (
    CALLBACK,
    OUTAGES,
    at_stripe,
    come_back,
    connected,
    link,
    portal_query,
    state_of,
    through,
)
from tests.answers import Answer
from tests.api import caller, nobody
from tests.browser import Browser
from tests.factories import CreatorFactory, CreatorPaymentAccountFactory
from tests.local_stripe import Stripe
from tests.threads import at_once

pytestmark = pytest.mark.django_db
SALT = "accounts.onboarding"
RETRIEVE = {"method": "GET", "path": "/v1/accounts/.*"}
BOTH = [{}, {"refresh": "1"}]
HOUR = 60 * 60


@pytest.fixture(autouse=True)
def without_rate_limits(settings: Settings) -> None:
    """Lift the rate limits: these tests make many requests within a minute."""
    settings.REQUESTS_PER_MINUTE = dict.fromkeys(settings.REQUESTS_PER_MINUTE, 10_000)


def signed(row: CreatorPaymentAccount, *, salt: str = SALT, seconds_ago: int = 0) -> str:
    class Signer(TimestampSigner):
        def timestamp(self) -> str:
            return b62_encode(int(sql.now().timestamp()) - seconds_ago)

    return Signer(salt=salt).sign(f"{row.pk}/{row.links_refreshed}")


def redirected(answer: Answer) -> dict[str, str]:
    """Return the query of an empty redirect to the portal that must not be stored."""
    assert (answer.status_code, answer.content) == (302, b""), answer.content
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    return portal_query(answer["Location"])


def incomplete(reason: str) -> dict[str, str]:
    return {"onboarding": "incomplete", "reason": reason}


def spent(browser: Browser) -> str:
    """Visit a link twice; return where Stripe redirects the browser the second time."""
    url = link()
    browser.follow(url)
    return browser.follow(url).location


@pytest.mark.parametrize(
    ("end", "query", "status"),
    [
        ("complete", {"onboarding": "complete"}, AccountStatus.ACTIVE),
        ("incomplete", incomplete("left"), AccountStatus.PENDING),
        ("restricted", incomplete("verification_failed"), AccountStatus.RESTRICTED),
    ],
)
def test_the_portal_learns_how_the_visit_ended(
    sandbox: Stripe, browser: Browser, end: str, query: dict[str, str], status: AccountStatus
) -> None:
    assert portal_query(through(browser, end)) == query
    account_status = caller("alice").get("/api/v1/accounts/status").json()
    account = connected(sandbox)[0]
    assert (account_status["has_account"], account_status["status"]) == (True, status)
    assert account_status["details_submitted"] is account["details_submitted"]
    assert account_status["payouts_enabled"] is account["payouts_enabled"]
    assert account_status["requirements"]["currently_due"] == account["requirements"]["currently_due"]
    assert (account_status["requirements"]["current_deadline"] is None) is (end != "restricted")
    assert (account_status["country"], account_status["default_currency"]) == ("US", "USD")
    assert account_status["created_at"].endswith("Z")


def test_onboarding_is_complete_while_stripe_is_still_verifying(sandbox: Stripe, browser: Browser) -> None:
    browser.follow(link())
    location = browser.choose("complete").location
    at_stripe(sandbox, "capabilities", transfers="pending")
    assert redirected(come_back(location)) == {"onboarding": "complete"}
    assert CreatorPaymentAccount.objects.get().account_status == AccountStatus.ONBOARDING


def test_missing_information_means_left_and_a_review_means_pending(sandbox: Stripe, browser: Browser) -> None:
    browser.follow(link())
    location = browser.choose("complete").location
    at_stripe(sandbox, "restrict", disabled_reason="requirements.past_due")
    assert redirected(come_back(location)) == incomplete("left")
    at_stripe(sandbox, "restrict", disabled_reason="under_review")
    assert redirected(come_back(location)) == incomplete("verification_pending")


@pytest.mark.parametrize(
    ("portal", "expected"),
    [
        ("https://portal.example", "https://portal.example?onboarding=complete"),
        (
            "https://portal.example/payouts?tab=bank",
            "https://portal.example/payouts?tab=bank&onboarding=complete",
        ),
        ("https://portal.example/#/payouts", "https://portal.example/?onboarding=complete#/payouts"),
        ("https://portal.example/a?b=c#d", "https://portal.example/a?b=c&onboarding=complete#d"),
    ],
)
def test_the_portals_own_query_and_fragment_stay(
    sandbox: Stripe, browser: Browser, settings: Settings, portal: str, expected: str
) -> None:
    settings.CREATOR_PORTAL_URL = portal
    assert through(browser, "complete") == expected


@pytest.mark.parametrize("refresh", BOTH)
def test_a_rejected_creator_is_told_so(sandbox: Stripe, browser: Browser, refresh: dict[str, str]) -> None:
    state = state_of(spent(browser))
    at_stripe(sandbox, "restrict", disabled_reason="rejected.fraud")
    assert redirected(nobody().get(CALLBACK, {"state": state, **refresh})) == incomplete("account_rejected")


@pytest.mark.parametrize("refresh", BOTH)
def test_a_creator_whose_account_is_gone_is_told_so(
    sandbox: Stripe, browser: Browser, refresh: dict[str, str]
) -> None:
    state = state_of(spent(browser))
    at_stripe(sandbox, "deauthorize")
    assert redirected(nobody().get(CALLBACK, {"state": state, **refresh})) == incomplete(
        "stripe_account_gone"
    )


@pytest.mark.parametrize("refresh", BOTH)
@pytest.mark.parametrize("outage", OUTAGES, ids=str)
def test_a_creator_who_returns_while_stripe_is_down_lands_in_the_portal_and_uses_nothing_up(
    sandbox: Stripe, browser: Browser, outage: dict[str, Any], refresh: dict[str, str]
) -> None:
    location = spent(browser)
    sandbox.inject({**RETRIEVE, **outage})
    answer = nobody().get(CALLBACK, {"state": state_of(location), **refresh})
    assert redirected(answer) == incomplete("stripe_unavailable")
    sandbox.clear_faults()
    assert "/setup/e/" in come_back(location)["Location"]


@pytest.fixture
def no_database() -> Iterator[None]:
    """End this test's own connection, so that its next query fails as if PostgreSQL had stopped."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    at_once(lambda: sql.run("SELECT pg_terminate_backend(%(pid)s)", {"pid": pid}))
    yield
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_creator_who_returns_while_our_database_is_down_lands_in_the_portal(no_database: None) -> None:
    state = TimestampSigner(salt=SALT).sign("00000000-0000-7000-8000-000000000000/0")
    assert redirected(nobody().get(CALLBACK, {"state": state})) == incomplete("unavailable")


def test_a_fault_of_ours_is_logged_and_lands_in_the_portal(
    sandbox: Stripe, caplog: pytest.LogCaptureFixture
) -> None:
    # Signed with our key, but nothing that we would ever sign.
    state = TimestampSigner(salt=SALT).sign("no uuid/0")
    assert redirected(nobody().get(CALLBACK, {"state": state})) == incomplete("unavailable")
    assert "could not be handled" in caplog.text


def test_a_rate_limited_creator_lands_in_the_portal(sandbox: Stripe, settings: Settings) -> None:
    settings.REQUESTS_PER_MINUTE = {"anonymous": 0}
    assert redirected(nobody().get(CALLBACK, {"state": "x"})) == incomplete("too_many_requests")


@pytest.mark.parametrize("accept", ["text/html", "*/*;q=0", "image/png", "nonsense"])
def test_a_browser_is_redirected_whatever_it_accepts(sandbox: Stripe, browser: Browser, accept: str) -> None:
    browser.follow(link())
    location = browser.choose("complete").location
    answer = nobody().get(CALLBACK, {"state": state_of(location)}, headers={"Accept": accept})
    assert redirected(answer) == {"onboarding": "complete"}


def test_parameters_added_on_the_way_do_no_harm(sandbox: Stripe, browser: Browser) -> None:
    browser.follow(link())
    state = state_of(browser.choose("complete").location)
    answer = nobody().get(CALLBACK, {"state": state, "utm_source": "mail", "next": "https://evil.example"})
    assert redirected(answer) == {"onboarding": "complete"}


@pytest.mark.parametrize("refresh", BOTH)
def test_a_state_is_valid_for_an_hour(sandbox: Stripe, refresh: dict[str, str]) -> None:
    link()
    row = CreatorPaymentAccount.objects.get()
    answer = nobody().get(CALLBACK, {"state": signed(row, seconds_ago=HOUR - 60), **refresh})
    assert "link_expired" not in answer["Location"]
    answer = nobody().get(CALLBACK, {"state": signed(row, seconds_ago=HOUR + 60), **refresh})
    assert redirected(answer) == incomplete("link_expired")


@pytest.mark.parametrize("refresh", BOTH)
@pytest.mark.parametrize("forged", ["", "x", "x\0", "x" * 300, "a:b:c", "é" * 200, "\U0001f600"])
def test_a_forged_state_leads_back_to_the_portal(
    sandbox: Stripe, forged: str, refresh: dict[str, str]
) -> None:
    assert redirected(nobody().get(CALLBACK, {"state": forged, **refresh})) == incomplete("link_invalid")


@pytest.mark.parametrize(
    "query", ["", "refresh=1", "state=", "state=x&state=x", "state=x&refresh=2", "a&" * 1_100]
)
def test_a_return_address_that_cannot_be_read_leads_back_to_the_portal(sandbox: Stripe, query: str) -> None:
    assert redirected(nobody().get(f"{CALLBACK}?{query}")) == incomplete("link_invalid")


def test_a_state_is_for_one_account_and_one_purpose(sandbox: Stripe) -> None:
    row, other = CreatorPaymentAccountFactory.create(), CreatorPaymentAccountFactory.create()
    unknown = CreatorPaymentAccount(creator=CreatorFactory.create(), pk=CreatorFactory.create().pk)
    state = signed(row)
    for forged in (
        signed(row, salt="something.else"),
        state.replace(str(row.pk), str(other.pk)),
        signed(unknown),
        TimestampSigner(salt=SALT).sign(str(row.pk)),
    ):
        assert redirected(nobody().get(CALLBACK, {"state": forged})) == incomplete("link_invalid")


@pytest.mark.parametrize("refresh", BOTH)
def test_a_creator_with_a_newer_account_is_told_so(sandbox: Stripe, refresh: dict[str, str]) -> None:
    row = CreatorPaymentAccountFactory.create(replaced_at=sql.now())
    answer = nobody().get(CALLBACK, {"state": signed(row), **refresh})
    assert redirected(answer) == incomplete("account_replaced")


@pytest.mark.parametrize("sandbox_options", [{}, {"link_seconds": 0}], ids=["used", "expired"])
def test_a_link_that_expired_or_was_used_leads_to_a_new_one(
    sandbox: Stripe, browser: Browser, sandbox_options: dict[str, Any]
) -> None:
    url = link()
    browser.follow(url)
    left = browser.follow(url).location
    assert left.endswith("&refresh=1")
    answer = come_back(left)
    assert answer.status_code == 302
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert answer["Location"] != url
    assert urlsplit(answer["Location"]).netloc == urlsplit(url).netloc
    assert len(connected(sandbox)) == 1


def test_a_state_gives_one_new_link_and_that_links_state_another(sandbox: Stripe, browser: Browser) -> None:
    left = spent(browser)
    second = come_back(left)["Location"]
    assert redirected(come_back(left)) == incomplete("link_expired")
    browser.follow(second)
    third = come_back(browser.follow(second).location)["Location"]
    browser.follow(third)
    assert redirected(come_back(browser.choose("complete").location)) == {"onboarding": "complete"}


def test_a_state_that_gave_a_new_link_still_brings_its_creator_back(
    sandbox: Stripe, browser: Browser
) -> None:
    left = spent(browser)
    come_back(left)
    assert redirected(nobody().get(CALLBACK, {"state": state_of(left)})) == incomplete("left")


@pytest.mark.django_db(transaction=True)
def test_of_many_simultaneous_refreshes_one_gets_a_link(sandbox: Stripe, browser: Browser) -> None:
    left = spent(browser)
    sandbox.inject({**RETRIEVE, "kind": "latency_ms", "latency_ms": 50})
    answers = at_once(*[lambda: str(come_back(left)["Location"])] * 6)
    assert sum("/setup/e/" in location for location in answers) == 1
    assert sum("reason=link_expired" in location for location in answers) == 5


@pytest.mark.parametrize(
    ("method", "headers"),
    [("head", {}), ("get", {"Sec-Purpose": "prefetch;prerender"}), ("get", {"Purpose": "prefetch"})],
)
def test_a_prefetch_gets_no_link_and_uses_nothing_up(
    sandbox: Stripe, browser: Browser, method: str, headers: dict[str, str]
) -> None:
    left = spent(browser)
    query = {"state": state_of(left), "refresh": "1"}
    answer = getattr(nobody(), method)(CALLBACK, query, headers=headers)
    assert redirected(answer) == incomplete("left")
    assert "/setup/e/" in come_back(left)["Location"]


def test_a_creator_who_finished_in_another_tab_gets_no_new_link(sandbox: Stripe, browser: Browser) -> None:
    left = spent(browser)
    through(browser, "complete")
    for _ in range(2):
        assert redirected(come_back(left)) == {"onboarding": "complete"}


def test_every_reason_is_documented_with_what_the_portal_should_say() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    assert [reason for reason in ALL_REASONS if f'| `{reason}` | "' not in page] == []
