"""Accounts of API v2, through the official client."""

import http.client
from collections.abc import Callable
from typing import Any

import pytest
import stripe
from stripe.v2.core import Account

from sandbox.config import Config
from sandbox.server import SandboxServer
from tests.sandbox.samples import ALL_PARTS

Open = Callable[..., Account]
Switch = Callable[..., None]
PARTS = ("configuration", "defaults", "identity", "requirements", "future_requirements")


def read(client: stripe.StripeClient, account: str) -> dict[str, Any]:
    found = client.v2.core.accounts.retrieve(account, {"include": ALL_PARTS})  # type: ignore[arg-type]
    return found.to_dict()


def refused(error: pytest.ExceptionInfo[stripe.StripeError]) -> tuple[int | None, str | None]:
    return error.value.http_status, error.value.code


def test_a_new_account_waits_for_its_holder(open_v2: Open) -> None:
    account = open_v2().to_dict()
    assert account["object"] == "v2.core.account"
    assert (account["closed"], account["applied_configurations"]) == (False, ["recipient"])
    assert account["metadata"] == {"creator": "42"}
    assert account["identity"]["country"] == "de"
    assert account["created"].endswith("Z")
    assert len(account["created"]) == len("2026-11-28T05:00:00.000Z")
    balance = account["configuration"]["recipient"]["capabilities"]["stripe_balance"]
    past_due = {"code": "requirements_past_due", "resolution": "provide_info"}
    for capability in ("stripe_transfers", "payouts"):
        assert balance[capability] == {"status": "restricted", "status_details": [past_due]}
    assert {entry["awaiting_action_from"] for entry in account["requirements"]["entries"]} == {"user"}
    assert account["requirements"]["summary"] == {"minimum_deadline": {"status": "past_due", "time": None}}


def test_parts_that_were_not_asked_for_are_null(client: stripe.StripeClient, open_v2: Open) -> None:
    created = open_v2(include=[])
    for account in (created, client.v2.core.accounts.retrieve(created.id)):
        assert [account[part] for part in PARTS] == [None] * len(PARTS)
    some = client.v2.core.accounts.retrieve(created.id, {"include": ["identity"]})
    assert [part for part in PARTS if some[part] is not None] == ["identity"]


def test_onboarding_activates_transfers_and_payouts(client: stripe.StripeClient, open_v2: Open) -> None:
    account = open_v2()
    client.raw_request("post", f"/_sandbox/accounts/{account.id}/complete")
    seen = read(client, account.id)
    balance = seen["configuration"]["recipient"]["capabilities"]["stripe_balance"]
    assert balance["stripe_transfers"] == balance["payouts"] == {"status": "active", "status_details": []}
    assert seen["requirements"] == {"entries": [], "summary": None}


def test_money_moves_to_an_account_of_v2_as_to_one_of_v1(
    client: stripe.StripeClient, open_v2: Open, fund: Callable[[int], None]
) -> None:
    account = open_v2(identity={"country": "us", "entity_type": "individual"}, defaults=_in("usd")).id
    client.raw_request("post", f"/_sandbox/accounts/{account}/complete")
    fund(10_00)
    transfer = client.v1.transfers.create({"amount": 10_00, "currency": "usd", "destination": account})
    options: stripe.RequestOptions = {"stripe_account": account}
    payment = client.v1.charges.retrieve(str(transfer.destination_payment), {}, options)
    assert payment.amount == 10_00
    assert client.v1.balance.retrieve({}, options).available[0].amount == 10_00
    payout = client.v1.payouts.create({"amount": 10_00, "currency": "usd"}, options)
    assert payout.status == "pending"


def test_v1_shows_an_account_of_v2(client: stripe.StripeClient, open_v2: Open) -> None:
    account = open_v2()
    shown = client.v1.accounts.retrieve(account.id)
    assert (shown.type, shown.country, shown.default_currency) == ("express", "DE", "eur")
    assert (shown.email, shown.payouts_enabled, shown.details_submitted) == ("ada@example.com", False, False)
    client.raw_request("post", f"/_sandbox/accounts/{account.id}/complete")
    shown = client.v1.accounts.retrieve(account.id)
    assert shown.capabilities is not None
    assert (shown.capabilities.transfers, shown.payouts_enabled) == ("active", True)
    assert shown.external_accounts is not None
    assert [bank.currency for bank in shown.external_accounts.data] == ["eur"]
    assert client.v1.accounts.login_links.create(account.id).url


def test_only_express_accounts_have_login_links(client: stripe.StripeClient, open_v2: Open) -> None:
    account = open_v2(dashboard="none")
    with pytest.raises(stripe.InvalidRequestError, match="not an Express account"):
        client.v1.accounts.login_links.create(account.id)


@pytest.mark.parametrize("listed", [True, False])
def test_the_list_of_v1_has_accounts_of_v2_or_not(
    client: stripe.StripeClient, open_v2: Open, switch: Switch, account: str, listed: bool
) -> None:
    switch(v1_lists_v2_accounts=listed)
    made = open_v2().id
    assert [each.id for each in client.v1.accounts.list().data] == [made, account][not listed :]


def test_an_update_changes_only_what_it_names(client: stripe.StripeClient, open_v2: Open) -> None:
    account = open_v2(metadata={"creator": "42", "old": "x"})
    changed = client.v2.core.accounts.update(
        account.id,
        {"contact_email": "new@example.com", "metadata": {"old": None, "new": "y"}},
    )
    assert changed.contact_email == "new@example.com"
    assert changed.display_name == "Ada"
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"creator": "42", "new": "y"}


def test_a_configuration_that_no_longer_applies_loses_its_capabilities(
    client: stripe.StripeClient, open_v2: Open
) -> None:
    account = open_v2()
    client.raw_request("post", f"/_sandbox/accounts/{account.id}/complete")
    changed = client.v2.core.accounts.update(
        account.id,
        {"configuration": {"recipient": {"applied": False}}, "include": ["configuration.recipient"]},
    )
    assert changed.applied_configurations == []
    assert changed.configuration is not None
    assert changed.configuration.recipient is None
    assert client.v1.accounts.retrieve(account.id).to_dict()["capabilities"] == {}


def test_card_payments_can_be_asked_for_beside_transfers(client: stripe.StripeClient, open_v2: Open) -> None:
    both = {
        "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}},
        "merchant": {"capabilities": {"card_payments": {"requested": True}}},
    }
    account = open_v2(configuration=both, include=[*ALL_PARTS, "configuration.merchant"])
    assert account.applied_configurations == ["merchant", "recipient"]
    assert account.configuration is not None
    assert account.configuration.merchant is not None
    assert account.configuration.merchant.capabilities is not None
    assert account.configuration.merchant.capabilities.card_payments is not None
    assert account.configuration.merchant.capabilities.card_payments.status == "restricted"
    shown = client.v1.accounts.retrieve(account.id).to_dict()
    assert shown["capabilities"].keys() == {"transfers", "card_payments"}


def test_a_closed_account_can_only_be_read(
    client: stripe.StripeClient, open_v2: Open, fund: Callable[[int], None]
) -> None:
    account = open_v2().id
    client.raw_request("post", f"/_sandbox/accounts/{account}/complete")
    with pytest.raises(stripe.InvalidRequestError, match="All configurations"):
        client.v2.core.accounts.close(account, {"applied_configurations": []})
    assert client.v2.core.accounts.close(account, {"applied_configurations": ["recipient"]}).closed
    assert client.v2.core.accounts.retrieve(account).closed
    fund(1_00)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.create({"amount": 1_00, "currency": "usd", "destination": account})
    with pytest.raises(stripe.InvalidRequestError):
        client.v2.core.accounts.update(account, {"display_name": "Eve"})
    assert client.v2.core.accounts.list().data == []
    assert [each.id for each in client.v2.core.accounts.list({"closed": True}).data] == [account]


def test_lists_have_pages(client: stripe.StripeClient, open_v2: Open) -> None:
    opened = [open_v2().id for _ in range(5)]
    listed = client.v2.core.accounts.list({"applied_configurations": ["recipient"], "limit": 2})
    assert [each.id for each in listed.data] == opened[:-3:-1]
    assert [each.id for each in listed.auto_paging_iter()] == opened[::-1]
    assert client.v2.core.accounts.list({"applied_configurations": ["merchant"]}).data == []


def test_lists_know_new_accounts_late(
    client: stripe.StripeClient, open_v2: Open, switch: Switch, advance: Callable[[int], float]
) -> None:
    switch(v2_lists_accounts_after=60)
    account = open_v2().id
    assert client.v2.core.accounts.list().data == []
    assert client.v2.core.accounts.retrieve(account).id == account
    advance(61)
    assert [each.id for each in client.v2.core.accounts.list().data] == [account]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"identity": {"entity_type": "individual"}}, "identity_country_required"),
        ({"contact_email": "nobody"}, "email_invalid"),
        (
            {"defaults": {"responsibilities": {"fees_collector": "stripe", "losses_collector": "stripe"}}},
            "account_controller_express_dash_without_application_losses_or_fees",
        ),
        ({"identity": {"country": "kp"}}, "capability_not_available_in_country"),
    ],
)
def test_what_does_not_go_together_is_refused_with_a_code(
    open_v2: Open, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        open_v2(**changes)
    assert refused(error) == (400, code)


def test_what_v2_does_not_have_is_unknown_to_it(client: stripe.StripeClient, open_v2: Open) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
        open_v2(tos_acceptance={"service_agreement": "full"})
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
        client.v2.core.accounts.list({"created": {"gte": "2026-01-01T00:00:00Z"}})  # type: ignore[arg-type]


def test_an_account_that_does_not_exist_is_not_found(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v2.core.accounts.retrieve("acct_nobody")
    assert refused(error) == (404, "not_found")


def test_a_request_names_its_version_and_is_json(server: SandboxServer, config: Config) -> None:
    def ask(body: str, **headers: str) -> int:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        authorized = {"Authorization": f"Bearer {config.api_key}", **headers}
        connection.request("POST", "/v2/core/accounts", body, authorized)
        try:
            return connection.getresponse().status
        finally:
            connection.close()

    version = {"Stripe-Version": "2026-08-26.dahlia"}
    assert ask('{"identity": {"country": "de"}}', **version) == 200
    assert ask('{"identity": {"country": "de"}}') == 400
    assert ask("identity[country]=de", **version) == 400


def test_an_account_of_v1_is_known_to_v2_after_a_while(
    client: stripe.StripeClient, account: str, switch: Switch, advance: Callable[[int], float]
) -> None:
    assert read(client, account)["applied_configurations"] == ["recipient"]
    switch(v2_knows_v1_accounts_after=600)
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v2.core.accounts.retrieve(account)
    assert refused(error) == (400, "account_not_yet_compatible_with_v2")
    advance(600)
    assert client.v2.core.accounts.retrieve(account).id == account


def test_an_account_of_v1_can_be_of_the_wrong_family(
    client: stripe.StripeClient, account: str, switch: Switch
) -> None:
    switch(v2_takes_v1_accounts=False)
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v2.core.accounts.retrieve(account)
    assert refused(error) == (400, "v1_account_instead_of_v2_account")


def _in(currency: str) -> dict[str, Any]:
    responsibilities = {"fees_collector": "application", "losses_collector": "application"}
    return {"currency": currency, "responsibilities": responsibilities}
