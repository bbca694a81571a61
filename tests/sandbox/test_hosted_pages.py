"""What a person meets who follows a link: onboarding and its ends, and the Express dashboard."""

import pytest
import stripe

from sandbox.config import Config
from sandbox.server import SandboxServer
from tests.browser import Browser

RETURN_URL = "http://localhost:8086/return?state=abc&more=1"
REFRESH_URL = "http://localhost:8086/refresh"


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def config(config: Config, request: pytest.FixtureRequest) -> Config:
    """Links live as long as a test says, or five minutes."""
    return Config(
        state=config.state,
        api_key=config.api_key,
        payout_seconds=config.payout_seconds,
        link_seconds=getattr(request, "param", 300),
    )


@pytest.fixture
def new_account(client: stripe.StripeClient) -> str:
    account = client.v1.accounts.create(
        {"type": "express", "email": "alice@example.com", "capabilities": {"transfers": {"requested": True}}}
    )
    return account.id


def link_to(client: stripe.StripeClient, account: str, **params: str) -> stripe.AccountLink:
    wanted = {"type": "account_onboarding", "return_url": RETURN_URL, "refresh_url": REFRESH_URL} | params
    return client.v1.account_links.create({"account": account, **wanted})  # type: ignore[typeddict-item]


def test_a_link_leads_to_the_onboarding_page(
    client: stripe.StripeClient, new_account: str, browser: Browser, server: SandboxServer
) -> None:
    link = link_to(client, new_account)
    page = browser.follow(link.url)

    assert link.url.startswith(f"{server.url}/setup/e/{new_account}/")
    assert link.expires_at - link.created == 300
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Set up payouts" in page.body
    assert "alice@example.com" in page.body
    assert "Bank account" in page.body


def test_a_page_loads_nothing_from_outside(
    client: stripe.StripeClient, new_account: str, browser: Browser
) -> None:
    page = browser.follow(link_to(client, new_account).url)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.headers["Cache-Control"] == "no-store"
    assert not any(loaded in page.body for loaded in ("<script", "<img", "<link", "url(", "//"))


def test_an_accounts_own_text_is_escaped(client: stripe.StripeClient, browser: Browser) -> None:
    account = client.v1.accounts.create({"type": "express", "email": "<b>&alice"})
    assert "&lt;b&gt;&amp;alice" in browser.follow(link_to(client, account.id).url).body


DUE_AT_LAST = ["external_account", "tos_acceptance.date", "tos_acceptance.ip"]
UNVERIFIED = ["individual.verification.document"]


@pytest.mark.parametrize(
    ("end", "ready", "due"),
    [
        ("complete", True, []),
        ("incomplete", False, DUE_AT_LAST),
        ("restricted", False, UNVERIFIED),
    ],
)
def test_onboarding_ends_as_chosen_and_returns(
    client: stripe.StripeClient, browser: Browser, end: str, ready: bool, due: list[str]
) -> None:
    account_id = client.v1.accounts.create(
        {"type": "express", "capabilities": {"transfers": {"requested": True}}}
    ).id
    browser.follow(link_to(client, account_id).url)
    answer = browser.choose(end)
    assert (answer.status, answer.location) == (302, RETURN_URL)

    account = client.v1.accounts.retrieve(account_id).to_dict()
    requirements = account["requirements"]
    assert (account["details_submitted"], account["payouts_enabled"]) == (end != "incomplete", ready)
    assert account["capabilities"]["transfers"] == ("active" if ready else "inactive")
    assert requirements["currently_due"] == requirements["past_due"] == due
    assert requirements["disabled_reason"] == (None if ready else "requirements.past_due")
    (event,) = client.v1.events.list({"type": "account.updated"}, {"stripe_account": account_id}).data
    assert event.data.object["requirements"]["currently_due"] == due


def test_only_a_failed_verification_has_errors(
    client: stripe.StripeClient, new_account: str, browser: Browser
) -> None:
    wrong = {}
    for end in ("incomplete", "restricted", "complete"):
        browser.follow(link_to(client, new_account).url)
        browser.choose(end)
        asked = client.v1.accounts.retrieve(new_account).to_dict()["requirements"]
        wrong[end] = [error["requirement"] for error in asked["errors"]]
    assert wrong == {"incomplete": [], "restricted": UNVERIFIED, "complete": []}


def test_a_restricted_account_can_be_completed(
    client: stripe.StripeClient, new_account: str, browser: Browser
) -> None:
    for end in ("restricted", "complete"):
        browser.follow(link_to(client, new_account).url)
        browser.choose(end)
    account = client.v1.accounts.retrieve(new_account)
    assert account.payouts_enabled
    assert account.requirements is not None
    assert account.requirements.current_deadline is None


def test_leaving_undoes_nothing(client: stripe.StripeClient, account: str, browser: Browser) -> None:
    before = client.v1.accounts.retrieve(account).to_dict()
    browser.follow(link_to(client, account).url)
    browser.choose("incomplete")
    assert client.v1.accounts.retrieve(account).to_dict() == before


def test_an_unknown_ending_shows_the_page_again(
    client: stripe.StripeClient, new_account: str, browser: Browser
) -> None:
    browser.follow(link_to(client, new_account).url)
    page = browser.choose("never")
    assert (page.status, page.location) == (200, "")
    assert not client.v1.accounts.retrieve(new_account).details_submitted


def test_a_link_is_good_for_one_visit(
    client: stripe.StripeClient, new_account: str, browser: Browser
) -> None:
    link = link_to(client, new_account)
    browser.follow(link.url)
    again = browser.follow(link.url)
    assert (again.status, again.location) == (302, REFRESH_URL)


@pytest.mark.parametrize("config", [0], indirect=True)
def test_an_expired_link_leads_to_the_refresh_url(
    client: stripe.StripeClient, new_account: str, browser: Browser
) -> None:
    answer = browser.follow(link_to(client, new_account).url)
    assert (answer.status, answer.location) == (302, REFRESH_URL)


def test_a_page_that_was_opened_can_be_loaded_again(
    client: stripe.StripeClient, new_account: str, browser: Browser
) -> None:
    browser.follow(link_to(client, new_account).url)
    assert browser.follow(browser.url).status == 200


@pytest.mark.parametrize(
    "path", ["/setup/e/acct_1/x", "/onboarding/x", "/express/acct_1/x", "/dashboard/x", "/onboarding/None"]
)
def test_an_unknown_link_is_refused(
    client: stripe.StripeClient, new_account: str, server: SandboxServer, browser: Browser, path: str
) -> None:
    link_to(client, new_account)
    page = browser.follow(f"{server.url}{path}")
    assert (page.status, page.location) == (410, "")
    assert "no longer works" in page.body


def test_a_link_of_one_account_opens_no_other(
    client: stripe.StripeClient, new_account: str, account: str, browser: Browser
) -> None:
    url = link_to(client, new_account).url
    assert browser.follow(url.replace(new_account, account)).status == 410


def test_an_account_that_left_has_no_pages(
    client: stripe.StripeClient, account: str, browser: Browser
) -> None:
    urls = [link_to(client, account).url, client.v1.accounts.login_links.create(account).url]
    client.raw_request("post", f"/_sandbox/accounts/{account}/deauthorize")
    assert [browser.follow(url).status for url in urls] == [410, 410]


def test_the_dashboard_shows_balance_and_payouts(
    client: stripe.StripeClient, paid_account: str, browser: Browser
) -> None:
    client.v1.payouts.create({"amount": 40_25, "currency": "usd"}, {"stripe_account": paid_account})
    page = browser.follow(client.v1.accounts.login_links.create(paid_account).url)
    assert page.status == 200
    assert "Ready for payouts" in page.body
    assert "$59.75" in page.body
    assert "$40.25" in page.body
    assert browser.follow(browser.url).status == 200


@pytest.mark.parametrize(
    ("country", "shown"), [("IS", "ISK12,345"), ("JP", "¥1,234,500"), ("HU", "HUF12,345.00")]
)
def test_the_dashboard_shows_amounts_as_stripe_counts_them(
    client: stripe.StripeClient, browser: Browser, country: str, shown: str
) -> None:
    account = client.v1.accounts.create({"type": "express", "country": country}).id
    client.raw_request("post", f"/_sandbox/accounts/{account}/complete")
    client.raw_request("post", f"/_sandbox/accounts/{account}/adjust", amount=12_345_00)
    page = browser.follow(client.v1.accounts.login_links.create(account).url)
    assert shown in page.body.replace("\N{NO-BREAK SPACE}", "")


def test_a_login_link_is_good_for_one_visit(
    client: stripe.StripeClient, account: str, browser: Browser
) -> None:
    url = client.v1.accounts.login_links.create(account).url
    assert "None yet" in browser.follow(url).body
    assert browser.follow(url).status == 410


def test_a_login_link_needs_onboarding_to_be_complete(client: stripe.StripeClient, new_account: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="has not completed onboarding"):
        client.v1.accounts.login_links.create(new_account)


def test_only_express_accounts_have_login_links(client: stripe.StripeClient, server: SandboxServer) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="is not an Express account"):
        client.v1.accounts.login_links.create(server.platform)


def test_a_login_link_to_nobody_is_a_permission_error(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.PermissionError):
        client.v1.accounts.login_links.create("acct_nobody")


def test_an_account_link_to_nobody_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="not connected to your platform"):
        link_to(client, "acct_nobody")


def test_express_accounts_have_no_links_for_updates(client: stripe.StripeClient, account: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="cannot create `account_update`"):
        link_to(client, account, type="account_update")


@pytest.mark.parametrize(
    "url", ["portal", "/return", "javascript:alert(1)", "http://", "http://[x y", "ftp://x/"]
)
def test_a_link_returns_to_an_absolute_address(client: stripe.StripeClient, account: str, url: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Not a valid URL") as refused:
        link_to(client, account, return_url=url)
    assert (refused.value.code, refused.value.param) == ("url_invalid", "return_url")


@pytest.mark.parametrize(
    ("told", "heading"),
    [
        ("", "The Creator Portal"),
        ("?onboarding=complete", "Onboarding is complete"),
        ("?onboarding=incomplete&reason=left", "Onboarding is not complete"),
    ],
)
def test_a_page_stands_in_for_the_portal_and_shows_its_parameters(
    server: SandboxServer, browser: Browser, told: str, heading: str
) -> None:
    page = browser.follow(f"{server.url}/portal{told}")
    assert (page.status, f"<h1>{heading}</h1>" in page.body) == (200, True)
    assert ("<code>left</code>" in page.body) is told.endswith("left")


def test_the_portals_parameters_are_escaped(server: SandboxServer, browser: Browser) -> None:
    assert "<b>x" not in browser.follow(f"{server.url}/portal?onboarding=incomplete&reason=<b>x").body
