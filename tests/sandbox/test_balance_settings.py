"""The payout schedule, where accounts of API v2 have it."""

from collections.abc import Callable

import pytest
import stripe
from stripe.v2.core import Account

Open = Callable[..., Account]


def test_the_schedule_of_an_account_is_set_and_told(client: stripe.StripeClient, open_v2: Open) -> None:
    account = open_v2().id
    options: stripe.RequestOptions = {"stripe_account": account}
    before = client.v1.balance_settings.retrieve({}, options)
    assert before.payments.payouts is not None
    assert before.payments.payouts.schedule is not None
    assert (before.payments.payouts.schedule.interval, before.payments.payouts.status) == (
        "daily",
        "disabled",
    )

    client.v1.balance_settings.update(
        {"payments": {"payouts": {"schedule": {"interval": "manual"}}}}, options
    )

    shown = client.v1.accounts.retrieve(account)
    assert shown.settings is not None
    assert shown.settings.payouts is not None
    assert shown.settings.payouts.schedule is not None
    assert shown.settings.payouts.schedule.interval == "manual"
    (event,) = client.v1.events.list({"type": "balance_settings.updated"}, options).data
    assert event.data.object["payments"]["payouts"]["schedule"]["interval"] == "manual"


def test_the_platform_keeps_a_minimum(client: stripe.StripeClient) -> None:
    client.v1.balance_settings.update(
        {"payments": {"payouts": {"minimum_balance_by_currency": {"usd": 5_00}}}}
    )
    settings = client.v1.balance_settings.retrieve()
    assert settings.payments.payouts is not None
    assert settings.payments.payouts.minimum_balance_by_currency is not None
    assert settings.payments.payouts.minimum_balance_by_currency.to_dict() == {"usd": 5_00}


def test_v1_does_not_change_the_schedule_of_an_account_of_v2(
    client: stripe.StripeClient, open_v2: Open
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="balance settings"):
        client.v1.accounts.update(
            open_v2().id, {"settings": {"payouts": {"schedule": {"interval": "manual"}}}}
        )
