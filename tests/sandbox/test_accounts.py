import pytest
import stripe

from sandbox.countries import CURRENCIES, DEFAULT_CURRENCY
from sandbox.rates import PER_EURO
from sandbox.server import SandboxServer


def open_account(client: stripe.StripeClient, **params: object) -> stripe.Account:
    wanted = {"type": "express", "capabilities": {"transfers": {"requested": True}}, **params}
    return client.v1.accounts.create(wanted)  # type: ignore[arg-type]


def complete(client: stripe.StripeClient, account: stripe.Account) -> stripe.Account:
    client.raw_request("post", f"/_sandbox/accounts/{account.id}/complete")
    return client.v1.accounts.retrieve(account.id)


def test_a_new_account_can_do_nothing_yet(client: stripe.StripeClient) -> None:
    account = open_account(client, country="US", email="alice@example.com")

    assert account.id.startswith("acct_")
    assert account.type == "express"
    assert account.email == "alice@example.com"
    assert (account.details_submitted, account.charges_enabled, account.payouts_enabled) == (
        False,
        False,
        False,
    )
    assert account.capabilities is not None
    assert account.capabilities.transfers == "inactive"
    assert account.requirements is not None
    assert account.requirements.disabled_reason == "requirements.past_due"
    assert "external_account" in (account.requirements.currently_due or [])


def test_onboarding_activates_what_was_asked_for(client: stripe.StripeClient) -> None:
    wanted = {"transfers": {"requested": True}, "card_payments": {"requested": True}}
    account = complete(client, open_account(client, capabilities=wanted))

    assert (account.details_submitted, account.charges_enabled, account.payouts_enabled) == (True, True, True)
    assert account.capabilities is not None
    assert (account.capabilities.transfers, account.capabilities.card_payments) == ("active", "active")
    assert account.requirements is not None
    assert (account.requirements.currently_due, account.requirements.disabled_reason) == ([], None)
    assert account.external_accounts is not None
    assert [bank.currency for bank in account.external_accounts.data] == ["usd"]


def test_a_recipient_takes_transfers_but_no_card_payments(client: stripe.StripeClient) -> None:
    agreement = {"service_agreement": "recipient"}
    account = complete(client, open_account(client, country="MY", tos_acceptance=agreement))

    assert (account.charges_enabled, account.payouts_enabled) == (False, True)
    with pytest.raises(stripe.InvalidRequestError, match="recipient service agreement"):
        client.v1.accounts.update(account.id, {"capabilities": {"card_payments": {"requested": True}}})


@pytest.mark.parametrize(
    ("country", "currency"),
    [("US", "usd"), ("DE", "eur"), ("GB", "gbp"), ("JP", "jpy"), ("KR", "krw"), ("SN", "xof")],
)
def test_the_currency_follows_the_country(client: stripe.StripeClient, country: str, currency: str) -> None:
    assert open_account(client, country=country).default_currency == currency


def test_accounts_can_be_opened_wherever_stripe_was_seen_to() -> None:
    seen = 92  # in the recordings of a marketplace's tests
    assert len(DEFAULT_CURRENCY) >= seen
    assert set(PER_EURO) == set(CURRENCIES)


def test_an_account_is_changed_only_where_asked(client: stripe.StripeClient) -> None:
    account = open_account(client, email="alice@example.com", metadata={"creator": "1", "old": "x"})

    changed = client.v1.accounts.update(
        account.id,
        {
            "metadata": {"old": "", "new": "y"},
            "settings": {"payouts": {"schedule": {"interval": "manual"}}},
            "business_profile": {"url": "https://example.com"},
        },
    )

    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"creator": "1", "new": "y"}
    assert changed.email == "alice@example.com"
    assert changed.settings is not None
    assert changed.settings.payouts is not None
    assert changed.settings.payouts.schedule is not None
    assert changed.settings.payouts.schedule.interval == "manual"
    assert changed.business_profile is not None
    assert changed.business_profile.url == "https://example.com"


def test_a_change_is_an_event_of_the_account_with_the_values_before(client: stripe.StripeClient) -> None:
    account = open_account(client, email="alice@example.com")
    client.v1.accounts.update(account.id, {"email": "bob@example.com"})

    (event,) = client.v1.events.list({"type": "account.updated"}, {"stripe_account": account.id}).data
    assert event.account == account.id
    assert event.data.previous_attributes is not None
    assert event.data.previous_attributes.to_dict() == {"email": "alice@example.com"}
    assert client.v1.events.list({"type": "account.updated"}).data == []


def test_a_change_to_the_same_values_is_no_event(client: stripe.StripeClient) -> None:
    account = open_account(client, email="alice@example.com")
    client.v1.accounts.update(account.id, {"email": "alice@example.com"})

    assert client.v1.events.list({}, {"stripe_account": account.id}).data == []


def test_an_unknown_account_is_a_permission_error(client: stripe.StripeClient) -> None:
    with pytest.raises(
        stripe.PermissionError, match="does not have access to account 'acct_nobody'"
    ) as refused:
        client.v1.accounts.retrieve("acct_nobody")
    assert refused.value.error is not None
    assert refused.value.error.code == "account_invalid"


def test_accounts_are_listed_newest_first_without_the_platform(client: stripe.StripeClient) -> None:
    opened = [open_account(client).id for _ in range(3)]
    assert [account.id for account in client.v1.accounts.list().data] == opened[::-1]


def test_the_own_account_is_the_acting_account(
    client: stripe.StripeClient, server: SandboxServer, account: str
) -> None:
    assert client.v1.accounts.retrieve_current().id == server.platform
    assert client.v1.accounts.retrieve_current(options={"stripe_account": account}).id == account


def test_capabilities_are_pending_while_stripe_verifies(client: stripe.StripeClient) -> None:
    account = open_account(client)
    client.raw_request("post", f"/_sandbox/accounts/{account.id}/submit")
    seen = client.v1.accounts.retrieve(account.id)
    assert (seen.details_submitted, seen.payouts_enabled) == (True, False)
    assert seen.capabilities is not None
    assert seen.capabilities.transfers == "pending"
    assert seen.requirements is not None
    assert (seen.requirements.currently_due, seen.requirements.disabled_reason) == (
        [],
        "requirements.pending_verification",
    )
    assert seen.requirements.pending_verification


def test_what_will_be_required_has_a_deadline_and_changes_nothing_yet(
    client: stripe.StripeClient, account: str
) -> None:
    path = f"/_sandbox/accounts/{account}/requirements"
    client.raw_request("post", path, currently_due=["individual.id_number"], deadline_in=86400, future=True)
    seen = client.v1.accounts.retrieve(account)
    assert seen.payouts_enabled
    assert seen.future_requirements is not None
    assert seen.future_requirements.currently_due == ["individual.id_number"]
    assert seen.future_requirements.current_deadline is not None
    assert seen.future_requirements.current_deadline > 86400
