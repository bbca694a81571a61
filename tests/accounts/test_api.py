"""`/api/v1/accounts`: onboarding as the portal and a creator's browser experience it."""

from collections import Counter
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import AccountStatus, Creator, CreatorPaymentAccount
from tests.accounts.portal import (
    CALLBACK,
    ONBOARD,
    OUTAGES,
    at_stripe,
    connected,
    link,
    onboard,
    portal_query,
    through,
)
from tests.answers import Answer
from tests.api import admin, caller, nobody, service
from tests.browser import Browser
from tests.local_stripe import Stripe
from tests.threads import at_once

pytestmark = pytest.mark.django_db
STATUS = "/api/v1/accounts/status"
DASHBOARD = "/api/v1/accounts/dashboard"
NOTHING_REQUIRED: dict[str, Any] = {
    "currently_due": [],
    "past_due": [],
    "eventually_due": [],
    "pending_verification": [],
    "disabled_reason": None,
    "current_deadline": None,
}


@pytest.fixture(autouse=True)
def without_rate_limits(settings: Settings) -> None:
    """Lift the rate limits: these tests make many requests within a minute."""
    settings.REQUESTS_PER_MINUTE = dict.fromkeys(settings.REQUESTS_PER_MINUTE, 10_000)


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), (
        answer.content
    )
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code
    return problem


def test_a_creator_without_an_account_is_told_so(sandbox: Stripe) -> None:
    answer = caller("alice").get(STATUS)
    assert answer.status_code == 200
    assert answer.json() == {
        "has_account": False,
        "status": "not_created",
        "details_submitted": False,
        "charges_enabled": False,
        "payouts_enabled": False,
        "requirements": NOTHING_REQUIRED,
        "future_requirements": NOTHING_REQUIRED,
        "country": None,
        "default_currency": None,
        "created_at": None,
        "gone_at": None,
        "cooling_down_until": None,
    }
    refused(caller("alice").get(DASHBOARD), 404, "no_payment_account")


def test_a_row_without_an_account_at_stripe_is_no_account_yet(sandbox: Stripe) -> None:
    sandbox.inject({"method": "POST", "path": "/v1/accounts", "kind": "connection_reset"})
    refused(onboard(), 503, "stripe_unavailable")
    assert caller("alice").get(STATUS).json()["has_account"] is False
    refused(caller("alice").get(DASHBOARD), 404, "no_payment_account")


def test_onboarding_returns_a_link_that_must_not_be_stored(sandbox: Stripe) -> None:
    answer = onboard(country="DE", business_type="company")
    assert answer.status_code == 200
    assert set(answer.json()) == {"onboarding_url", "expires_at"}
    assert answer["Cache-Control"] == "no-store"
    (account,) = connected(sandbox)
    assert (account["country"], account["business_type"]) == ("DE", "company")
    assert account["metadata"]["creator_id"] == "alice"


@pytest.mark.parametrize("body", [None, {}])
def test_every_parameter_is_optional(sandbox: Stripe, body: Any) -> None:
    answer = caller("alice").post(ONBOARD, body, format="json")
    assert answer.status_code == 200, answer.content
    assert connected(sandbox)[0]["country"] == "US"


def test_null_is_the_same_as_leaving_a_parameter_out(sandbox: Stripe) -> None:
    params = {"country": None, "business_type": None}
    assert caller("alice").post(ONBOARD, params, format="json").status_code == 200
    assert connected(sandbox)[0]["country"] == "US"


@pytest.mark.parametrize(
    ("params", "field", "code"),
    [
        ({"country": "de"}, "country", "invalid_choice"),
        ({"country": "XX"}, "country", "invalid_choice"),
        ({"country": ""}, "country", "invalid_choice"),
        ({"country": ["DE"]}, "country", "invalid_choice"),
        ({"business_type": "company\0"}, "business_type", "invalid_choice"),
        ({"business_type": "pirate"}, "business_type", "invalid_choice"),
        ({"colour": "red"}, "colour", "unknown"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    sandbox: Stripe, params: dict[str, Any], field: str, code: str
) -> None:
    problem = refused(caller("alice").post(ONBOARD, params, format="json"), 400, "invalid")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]
    assert connected(sandbox) == []


def test_a_country_without_stripe_accounts_is_refused_by_name(sandbox: Stripe) -> None:
    assert "AQ" in refused(onboard(country="AQ"), 422, "country_not_supported")["detail"]
    assert onboard(country="FR").status_code == 200


def test_the_country_is_fixed_once_the_account_exists(sandbox: Stripe) -> None:
    link(country="DE")
    assert "DE" in refused(onboard(country="FR"), 409, "country_fixed")["detail"]
    assert onboard(country="DE").status_code == 200
    assert len(connected(sandbox)) == 1


def test_an_active_creator_gets_no_link(sandbox: Stripe, browser: Browser) -> None:
    through(browser, "complete")
    refused(onboard(), 409, "already_active")


def test_a_restricted_creator_can_continue(sandbox: Stripe, browser: Browser) -> None:
    through(browser, "restricted")
    assert portal_query(through(browser, "complete")) == {"onboarding": "complete"}
    assert len(connected(sandbox)) == 1


def test_a_rejected_creator_is_told_so(sandbox: Stripe, browser: Browser) -> None:
    through(browser, "restricted")
    at_stripe(sandbox, "restrict", disabled_reason="rejected.fraud")
    refused(onboard(), 409, "account_rejected")
    account = caller("alice").get(STATUS).json()
    assert (account["status"], account["requirements"]["disabled_reason"]) == ("disabled", "rejected.fraud")


@pytest.mark.parametrize("outage", OUTAGES, ids=str)
def test_an_outage_can_be_retried_and_hides_stripes_own_error(
    sandbox: Stripe, browser: Browser, outage: dict[str, Any]
) -> None:
    through(browser, "complete")
    sandbox.inject({"path": "/v1/accounts.*", **outage})
    for answer in (onboard(), caller("alice").get(DASHBOARD)):
        problem = refused(answer, 503, "stripe_unavailable")
        assert int(answer["Retry-After"]) > 0
        assert "Injected" not in problem["detail"]
    assert caller("alice").get(STATUS).json()["status"] == AccountStatus.ACTIVE


def test_an_account_that_is_gone_is_not_an_outage(sandbox: Stripe, browser: Browser) -> None:
    through(browser, "complete")
    at_stripe(sandbox, "deauthorize")
    refused(caller("alice").get(DASHBOARD), 409, "stripe_account_gone")
    account = caller("alice").get(STATUS).json()
    assert (account["status"], account["payouts_enabled"], account["requirements"]) == (
        "disabled",
        False,
        NOTHING_REQUIRED,
    )
    assert account["gone_at"]


def test_a_creator_whose_account_is_gone_can_open_another_and_the_old_row_stays(
    sandbox: Stripe, browser: Browser
) -> None:
    through(browser, "complete")
    (old,) = CreatorPaymentAccount.objects.all()
    at_stripe(sandbox, "deauthorize")
    browser.follow(link())
    old.refresh_from_db()
    assert (old.replaced_at is None, old.replaced_by, old.account_status) == (
        False,
        "the creator",
        "disabled",
    )
    new = CreatorPaymentAccount.objects.get(replaced_at=None)
    assert new.stripe_account_id != old.stripe_account_id
    account = caller("alice").get(STATUS).json()
    assert (account["has_account"], account["status"], account["gone_at"]) == (True, "pending", None)


def test_a_new_account_keeps_the_old_ones_country_unless_the_creator_moved(sandbox: Stripe) -> None:
    for creator in ("alice", "bob"):
        link(creator, country="DE", business_type="company")
    for account in connected(sandbox):
        sandbox.control(f"accounts/{account['id']}/deauthorize")
    link("alice")
    link("bob", country="FR")
    opened = CreatorPaymentAccount.objects.filter(replaced_at=None).order_by("creator__external_id")
    assert list(opened.values_list("country", "business_type")) == [("DE", "company"), ("FR", "company")]


@pytest.mark.django_db(transaction=True)
def test_clicks_in_many_tabs_at_once_open_one_account(sandbox: Stripe) -> None:
    sandbox.inject({"method": "POST", "path": "/v1/accounts", "kind": "latency_ms", "latency_ms": 50})
    answers = at_once(*[onboard] * 6)
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert onboard().status_code == 200
    assert len(connected(sandbox)) == Creator.objects.count() == CreatorPaymentAccount.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_clicks_in_many_tabs_at_once_after_an_account_is_gone_open_one_more(
    sandbox: Stripe, browser: Browser
) -> None:
    through(browser, "complete")
    at_stripe(sandbox, "deauthorize")
    sandbox.inject({"method": "POST", "path": "/v1/accounts", "kind": "latency_ms", "latency_ms": 50})
    answers = at_once(*[onboard] * 6)
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert onboard().status_code == 200
    assert len(connected(sandbox)) == CreatorPaymentAccount.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_double_click_gets_two_links(sandbox: Stripe) -> None:
    sandbox.inject({"method": "POST", "path": "/v1/accounts", "kind": "latency_ms", "latency_ms": 50})
    assert [answer.status_code for answer in at_once(onboard, onboard)] == [200, 200]
    assert len(connected(sandbox)) == 1


def test_the_dashboard_opens_once_details_are_submitted(sandbox: Stripe, browser: Browser) -> None:
    browser.follow(link())
    refused(caller("alice").get(DASHBOARD), 409, "onboarding_incomplete")
    browser.choose("complete")  # and the browser never returns
    answer = caller("alice").get(DASHBOARD)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert "Express dashboard" in browser.follow(answer.json()["dashboard_url"]).body


def test_each_creator_has_an_account_of_their_own(sandbox: Stripe, browser: Browser) -> None:
    through(browser, "complete", "alice")
    through(browser, "incomplete", "bob")
    assert caller("alice").get(STATUS).json()["status"] == AccountStatus.ACTIVE
    assert caller("bob").get(STATUS).json()["status"] == AccountStatus.PENDING
    assert caller("charlie").get(STATUS).json()["status"] == AccountStatus.NOT_CREATED
    refused(caller("bob").get(DASHBOARD), 409, "onboarding_incomplete")
    assert sorted(account["metadata"]["creator_id"] for account in connected(sandbox)) == ["alice", "bob"]


def test_the_status_costs_three_queries_and_no_call_to_stripe(
    sandbox: Stripe, browser: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    through(browser, "complete")
    before = Counter(sandbox.state()["requests"])
    with django_assert_num_queries(3):
        assert caller("alice").get(STATUS).status_code == 200
    assert Counter(sandbox.state()["requests"]) - before == {"GET /_sandbox/state": 1}


@pytest.mark.parametrize(("method", "address"), [("post", ONBOARD), ("get", STATUS), ("get", DASHBOARD)])
def test_only_creators_are_allowed(sandbox: Stripe, method: str, address: str) -> None:
    refused(getattr(nobody(), method)(address), 401, "not_authenticated")
    for other in (admin(), service("market")):
        refused(getattr(other, method)(address), 403, "permission_denied")
    assert not Creator.objects.exists()


@pytest.mark.parametrize(
    ("method", "address"), [("get", ONBOARD), ("post", STATUS), ("post", DASHBOARD), ("post", CALLBACK)]
)
def test_other_methods_are_refused(sandbox: Stripe, method: str, address: str) -> None:
    refused(getattr(caller("alice"), method)(address), 405, "method_not_allowed")
