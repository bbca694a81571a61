"""Changes of an account's bank account that we didn't make."""

from typing import Any

import pytest
import stripe


def bank_accounts(client: stripe.StripeClient, account: str) -> list[dict[str, Any]]:
    return list(client.v1.accounts.retrieve(account).to_dict()["external_accounts"]["data"])


def seen(client: stripe.StripeClient, account: str) -> list[tuple[str, str]]:
    """List the events of bank accounts with their account, oldest first."""
    events = client.v1.events.list({}, {"stripe_account": account}).data
    told = [(str(event.type), event.data.object["id"]) for event in events if "external" in event.type]
    return told[::-1]


def test_a_new_bank_account_replaces_the_old(client: stripe.StripeClient, paid_account: str) -> None:
    (old,) = bank_accounts(client, paid_account)
    client.raw_request("post", f"/_sandbox/accounts/{paid_account}/bank_account")
    (new,) = bank_accounts(client, paid_account)

    assert new["id"] != old["id"]
    assert new["fingerprint"] != old["fingerprint"]
    assert seen(client, paid_account) == [
        ("account.external_account.created", new["id"]),
        ("account.external_account.deleted", old["id"]),
    ]
    options: stripe.RequestOptions = {"stripe_account": paid_account}
    payout = client.v1.payouts.create({"amount": 1_00, "currency": "usd"}, options)
    assert payout.destination == new["id"]


def test_the_account_settles_in_the_currency_of_its_new_bank_account(
    client: stripe.StripeClient, paid_account: str
) -> None:
    path = f"/_sandbox/accounts/{paid_account}/bank_account"
    client.raw_request("post", path, country="DE", currency="eur")
    assert client.v1.accounts.retrieve(paid_account).default_currency == "eur"
    with pytest.raises(stripe.InvalidRequestError, match=r"any external accounts in that currency \(usd\)"):
        client.v1.payouts.create({"amount": 1_00, "currency": "usd"}, {"stripe_account": paid_account})


def test_without_a_bank_account_there_are_no_payouts_until_there_is_another(
    client: stripe.StripeClient, paid_account: str
) -> None:
    path = f"/_sandbox/accounts/{paid_account}/bank_account"
    options: stripe.RequestOptions = {"stripe_account": paid_account}
    client.raw_request("delete", path)
    account = client.v1.accounts.retrieve(paid_account)
    assert account.payouts_enabled is False
    assert account.requirements is not None
    assert account.requirements.currently_due == ["external_account"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payouts.create({"amount": 1_00, "currency": "usd"}, options)
    assert refused.value.code == "payouts_not_allowed"

    client.raw_request("post", path)
    client.v1.payouts.create({"amount": 1_00, "currency": "usd"}, options)


def test_an_errored_bank_account_can_be_corrected(client: stripe.StripeClient, paid_account: str) -> None:
    (bank,) = bank_accounts(client, paid_account)
    path = f"/_sandbox/accounts/{paid_account}/bank_account/edit"
    client.raw_request("post", path, status="errored")
    assert bank_accounts(client, paid_account)[0]["status"] == "errored"
    client.raw_request("post", path, account_holder_name="Alice", last4="1234")
    (corrected,) = bank_accounts(client, paid_account)
    assert corrected == {**bank, "account_holder_name": "Alice", "last4": "1234"}
    assert seen(client, paid_account) == [("account.external_account.updated", bank["id"])] * 2


def test_a_payout_to_a_bank_account_that_is_gone_still_names_it(
    client: stripe.StripeClient, paid_account: str
) -> None:
    options: stripe.RequestOptions = {"stripe_account": paid_account}
    payout = client.v1.payouts.create({"amount": 1_00, "currency": "usd"}, options)
    client.raw_request("post", f"/_sandbox/accounts/{paid_account}/bank_account")
    found = client.v1.payouts.retrieve(payout.id, {"expand": ["destination"]}, options).to_dict()
    assert found["destination"] == {"id": payout.destination, "object": "bank_account", "deleted": True}


def test_a_debit_card_can_be_paid_out_to(client: stripe.StripeClient, paid_account: str) -> None:
    client.raw_request("post", f"/_sandbox/accounts/{paid_account}/bank_account", object="card")
    shown = client.v1.accounts.retrieve(paid_account)
    assert shown.external_accounts is not None
    (card,) = shown.external_accounts.data
    assert (card.object, card.id[:5]) == ("card", "card_")
    payout = client.v1.payouts.create(
        {"amount": 1_00, "currency": "usd", "expand": ["destination"]}, {"stripe_account": paid_account}
    )
    assert payout.type == "card"
    assert payout.destination is not None
    assert payout.destination["id"] == card.id  # type: ignore[index]
