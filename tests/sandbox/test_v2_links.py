"""Account links of API v2, and the way back."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe
from stripe.v2.core import Account

from tests.browser import Browser

Open = Callable[..., Account]
RETURN_URL = "http://localhost:8086/return?state=abc"
DETAILS: dict[str, Any] = {
    "configurations": ["recipient"],
    "refresh_url": "http://localhost:8086/refresh",
    "return_url": RETURN_URL,
    "collection_options": {"fields": "eventually_due", "future_requirements": "include"},
}


def link_to(client: stripe.StripeClient, account: str, **changes: Any) -> Any:
    use_case = {"type": "account_onboarding", "account_onboarding": {**DETAILS, **changes}}
    return client.v2.core.account_links.create({"account": account, "use_case": use_case})  # type: ignore[typeddict-item]


def test_a_link_leads_through_onboarding_and_back(client: stripe.StripeClient, open_v2: Open) -> None:
    account, browser = open_v2(), Browser()
    link = link_to(client, account.id)
    assert (link.object, link.account) == ("v2.core.account_link", account.id)
    assert link.use_case.account_onboarding.configurations == ["recipient"]
    page = browser.follow(link.url)
    assert "ada@example.com" in page.body
    assert browser.choose("complete").location == RETURN_URL
    assert client.v1.accounts.retrieve(account.id).payouts_enabled
    (event,) = client.v2.core.events.list({"types": ["v2.core.account_link.returned"]}).data
    assert event.to_dict()["data"] == {
        "account_id": account.id,
        "configurations": ["recipient"],
        "use_case": "account_onboarding",
    }
    assert "related_object" not in event.to_dict()


def test_without_a_return_url_the_holder_stays(client: stripe.StripeClient, open_v2: Open) -> None:
    account, browser = open_v2(), Browser()
    details = {name: value for name, value in DETAILS.items() if name != "return_url"}
    use_case = {"type": "account_onboarding", "account_onboarding": details}
    link = client.v2.core.account_links.create({"account": account.id, "use_case": use_case})  # type: ignore[typeddict-item]
    browser.follow(link.url)
    assert "Set up payouts" in browser.choose("complete").body


def test_a_link_is_visited_once(client: stripe.StripeClient, open_v2: Open) -> None:
    link = link_to(client, open_v2().id)
    assert Browser().follow(link.url).status == 200
    assert Browser().follow(link.url).location == DETAILS["refresh_url"]


def test_a_link_names_its_configurations(client: stripe.StripeClient, open_v2: Open) -> None:
    account = open_v2().id
    details = {name: value for name, value in DETAILS.items() if name != "configurations"}
    use_case = {"type": "account_onboarding", "account_onboarding": details}
    with pytest.raises(stripe.InvalidRequestError, match="configurations"):
        client.v2.core.account_links.create({"account": account, "use_case": use_case})  # type: ignore[typeddict-item]
    with pytest.raises(stripe.InvalidRequestError):
        link_to(client, account, configurations=["merchant"])


def test_from_endive_on_a_link_names_no_configurations(client: stripe.StripeClient, open_v2: Open) -> None:
    account = open_v2().id
    endive: stripe.RequestOptions = {"stripe_version": "2026-10-28.endive"}
    details = {name: value for name, value in DETAILS.items() if name != "configurations"}
    for given, accepted in ((details, True), (DETAILS, False)):
        use_case = {"type": "account_onboarding", "account_onboarding": given}
        wanted: Any = {"account": account, "use_case": use_case}
        if accepted:
            assert client.v2.core.account_links.create(wanted, endive).url
        else:
            with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
                client.v2.core.account_links.create(wanted, endive)


def test_there_is_no_link_for_an_account_of_others(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="not connected to your platform") as refused:
        link_to(client, "acct_nobody")
    assert refused.value.http_status == 400
