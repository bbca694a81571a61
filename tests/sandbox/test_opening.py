"""Accounts that Stripe doesn't open, and why."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import stripe
from stripe.v2.core import Account

from sandbox.config import Config
from sandbox.refusals import OF_LINKS, OF_V1, OF_V2

Open = Callable[..., Account]
Switch = Callable[..., None]

TRANSFERS = {"transfers": {"requested": True}}
BOTH = {**TRANSFERS, "card_payments": {"requested": True}}
RECIPIENT = {"service_agreement": "recipient"}
MERCHANT = {"merchant": {"capabilities": {"card_payments": {"requested": True}}}}
# What an account has to ask for, so that the reason applies to it.
OF_OTHERS: dict[str, dict[str, Any]] = {
    "recipients_not_supported": {"tos_acceptance": RECIPIENT},
    "card_payments_not_in_country": {"capabilities": BOTH},
}


@pytest.fixture
def config(config: Config, request: pytest.FixtureRequest) -> Config:
    """The platform is in the United States, or where a test says."""
    return replace(config, platform_country=getattr(request, "param", "US"))


def open_v1(client: stripe.StripeClient, **changes: Any) -> stripe.Account:
    wanted = {"type": "express", "country": "DE", "capabilities": TRANSFERS, **changes}
    return client.v1.accounts.create(wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", OF_V1)
def test_v1_refuses_with_a_sentence(client: stripe.StripeClient, switch: Switch, name: str) -> None:
    switch(refusals=[name])
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_v1(client, **OF_OTHERS.get(name, {}))
    expected = OF_V1[name].message.format(platform="US", country="DE")
    assert (refused.value.http_status, refused.value.user_message) == (400, expected)
    assert refused.value.code == OF_V1[name].code
    assert [name for name in OF_V1 if OF_V1[name].code] == ["creation_inactive"]
    switch(refusals="", regions=False)
    assert open_v1(client, **OF_OTHERS.get(name, {})).id


@pytest.mark.parametrize("name", OF_V2)
def test_v2_refuses_with_a_code(open_v2: Open, switch: Switch, name: str) -> None:
    switch(refusals=[name])
    with pytest.raises(stripe.StripeError) as refused:
        open_v2()
    limited = name == "account_rate_limit_exceeded"
    assert (refused.value.http_status, refused.value.code) == (429 if limited else 400, name)
    assert isinstance(refused.value, stripe.RateLimitError if limited else stripe.InvalidRequestError)
    switch(refusals="")
    assert open_v2().id


@pytest.mark.parametrize("name", OF_LINKS)
def test_links_are_refused(
    client: stripe.StripeClient, account: str, open_v2: Open, switch: Switch, name: str
) -> None:
    made = open_v2().id
    switch(refusals=[name])
    urls = {"refresh_url": "https://example.com/a", "return_url": "https://example.com/b"}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.account_links.create({"account": account, "type": "account_onboarding", **urls})  # type: ignore[typeddict-item]
    details = {"configurations": ["recipient"], **urls}
    with pytest.raises(stripe.InvalidRequestError):
        client.v2.core.account_links.create(
            {"account": made, "use_case": {"type": "account_onboarding", "account_onboarding": details}}  # type: ignore[typeddict-item]
        )


def test_card_payments_beside_transfers_need_no_approval(
    client: stripe.StripeClient, open_v2: Open, switch: Switch
) -> None:
    switch(refusals=["transfers_not_approved", "capability_not_available_without_other_capability"])
    assert open_v1(client, capabilities=BOTH).id
    recipient = {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
    assert open_v2(configuration={"recipient": recipient, **MERCHANT}).id


def test_approval_is_checked_before_the_country(client: stripe.StripeClient, switch: Switch) -> None:
    switch(refusals=["country_not_supported", "transfers_not_approved", "recipients_not_supported"])
    with pytest.raises(stripe.InvalidRequestError, match="needs approval"):
        open_v1(client, tos_acceptance=RECIPIENT)


def test_v1_replays_a_refusal(client: stripe.StripeClient, switch: Switch) -> None:
    switch(refusals=["losses_not_reviewed"])
    options: stripe.RequestOptions = {"idempotency_key": "opening:42"}
    for refusals in (["losses_not_reviewed"], ""):
        switch(refusals=refusals)
        with pytest.raises(stripe.InvalidRequestError, match="managing losses"):
            client.v1.accounts.create({"type": "express", "country": "DE"}, options)


CASES = [
    # platform, country, agreement: what the opening and a transfer are answered with
    ("US", "US", "full", "", ""),
    ("US", "US", "recipient", "platforms in US creating accounts in US", ""),
    ("US", "DE", "full", "", ""),
    ("US", "DE", "recipient", "platforms in US creating accounts in DE", ""),
    ("US", "BR", "recipient", "platforms in US creating accounts in BR", ""),
    ("US", "BR", "full", "", "source_transaction parameter is mandatory"),
    ("US", "MY", "recipient", "", ""),
    ("US", "AU", "full", "", "located in AU when the account is under the `full` service agreement"),
    ("GB", "FR", "recipient", "platforms in GB creating accounts in FR", ""),
    ("GB", "FR", "full", "", ""),
    ("CZ", "SA", "recipient", "platforms in CZ creating accounts in SA", ""),
    ("CZ", "AU", "full", "", "located in AU because it's restricted outside of your platform's region"),
    ("AU", "AU", "full", "", ""),
    ("AU", "AU", "recipient", "platforms in AU creating accounts in AU", ""),
    ("AU", "US", "full", "", "located in US because it's restricted outside of your platform's region"),
    ("JP", "JP", "full", "", ""),
    ("SG", "MX", "recipient", "", ""),
    ("IN", "US", "full", "", "located in US because it's restricted"),
]


@pytest.mark.parametrize(
    ("config", "country", "agreement", "opening", "transfer"),
    CASES,
    indirect=["config"],
    ids=["-".join(case[:3]) for case in CASES],
)
def test_a_platform_serves_its_region(
    client: stripe.StripeClient,
    switch: Switch,
    *,
    config: Config,
    country: str,
    agreement: str,
    opening: str,
    transfer: str,
) -> None:
    switch(regions=True)
    assert client.v1.accounts.retrieve_current().country == config.platform_country
    wanted = {"country": country, "tos_acceptance": {"service_agreement": agreement}}
    if opening:
        with pytest.raises(stripe.InvalidRequestError, match=opening):
            open_v1(client, **wanted)
        return
    account = open_v1(client, **wanted).id
    client.raw_request("post", f"/_sandbox/accounts/{account}/complete")
    client.raw_request("post", "/_sandbox/fund", amount=10_00, currency="usd")
    params: Any = {"amount": 10_00, "currency": "usd", "destination": account}
    if transfer:
        with pytest.raises(stripe.InvalidRequestError, match=transfer) as refused:
            client.v1.transfers.create(params)
        assert refused.value.code == ("transfers_not_allowed" if country == "BR" else None)
    else:
        assert client.v1.transfers.create(params).id


@pytest.mark.parametrize("shown", [False, True])
def test_outside_its_region_a_platform_gets_no_transfers_in_v2(
    open_v2: Open, switch: Switch, shown: bool
) -> None:
    switch(regions=True, v2_shows_unsupported_countries=shown)
    elsewhere = {"identity": {"country": "au", "entity_type": "individual"}}
    assert open_v2().id
    if not shown:
        with pytest.raises(stripe.InvalidRequestError, match="not available in country AU") as refused:
            open_v2(**elsewhere)
        assert refused.value.code == "capability_not_available_in_country"
    else:
        account = open_v2(**elsewhere).to_dict()
        balance = account["configuration"]["recipient"]["capabilities"]["stripe_balance"]
        assert balance["stripe_transfers"] == {
            "status": "unsupported",
            "status_details": [{"code": "unsupported_country", "resolution": "no_resolution"}],
        }
