import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import stripe

from sandbox.config import Config
from sandbox.server import SandboxServer


def pay_out(client: stripe.StripeClient, account: str, amount: int = 40_00, **params: Any) -> stripe.Payout:
    return client.v1.payouts.create(
        {"amount": amount, "currency": "usd", **params},  # type: ignore[typeddict-item]
        {"stripe_account": account},
    )


def wait_for_status(client: stripe.StripeClient, account: str, payout: str, status: str) -> stripe.Payout:
    for _ in range(200):
        found = client.v1.payouts.retrieve(payout, {}, {"stripe_account": account})
        if found.status == status:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{payout} is {found.status}, not {status}")


def available(client: stripe.StripeClient, account: str) -> int:
    return client.v1.balance.retrieve({}, {"stripe_account": account}).available[0].amount


def test_a_bank_payout_leaves_the_balance_at_once_and_arrives_later(
    client: stripe.StripeClient, paid_account: str
) -> None:
    payout = pay_out(client, paid_account, 40_00, statement_descriptor="MARKET", metadata={"payout": "1"})

    assert (payout.status, payout.method, payout.automatic) == ("pending", "standard", False)
    assert payout.statement_descriptor == "MARKET"
    assert (payout.failure_code, payout.failure_message, payout.failure_balance_transaction) == (
        None,
        None,
        None,
    )
    assert available(client, paid_account) == 60_00
    paid = wait_for_status(client, paid_account, payout.id, "paid")
    assert paid.metadata is not None
    assert paid.metadata.to_dict() == {"payout": "1"}
    assert available(client, paid_account) == 60_00


def test_each_state_of_a_bank_payout_is_an_event_of_its_account(
    client: stripe.StripeClient, paid_account: str
) -> None:
    payout = pay_out(client, paid_account)
    wait_for_status(client, paid_account, payout.id, "paid")

    events = client.v1.events.list({}, {"stripe_account": paid_account}).data
    seen = [(event.type, event.data.object["status"]) for event in events if event.type.startswith("payout.")]
    assert seen == [("payout.paid", "paid"), ("payout.updated", "in_transit"), ("payout.created", "pending")]


def test_a_scheduled_event_has_no_request(client: stripe.StripeClient, paid_account: str) -> None:
    payout = pay_out(client, paid_account)
    wait_for_status(client, paid_account, payout.id, "paid")

    (paid,) = client.v1.events.list({"type": "payout.paid"}, {"stripe_account": paid_account}).data
    (created,) = client.v1.events.list({"type": "payout.created"}, {"stripe_account": paid_account}).data
    assert paid.to_dict()["request"] == {"id": None, "idempotency_key": None}
    assert payout.last_response is not None
    assert created.to_dict()["request"]["id"] == payout.last_response.request_id


def test_a_bank_payout_names_its_balance_transaction_and_its_bank_account(
    client: stripe.StripeClient, paid_account: str
) -> None:
    payout = pay_out(client, paid_account, 40_00, expand=["balance_transaction", "destination"])

    assert isinstance(payout.balance_transaction, stripe.BalanceTransaction)
    assert (payout.balance_transaction.type, payout.balance_transaction.amount) == ("payout", -40_00)
    assert isinstance(payout.destination, stripe.BankAccount)
    assert payout.destination.currency == "usd"


def test_a_bank_payout_above_the_available_balance_is_refused(
    client: stripe.StripeClient, paid_account: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        pay_out(client, paid_account, 100_01)
    assert refused.value.code == "balance_insufficient"
    assert available(client, paid_account) == 100_00


def test_an_account_that_is_not_onboarded_cannot_pay_out(client: stripe.StripeClient) -> None:
    account = client.v1.accounts.create({"type": "express"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        pay_out(client, account.id)
    assert refused.value.code == "payouts_not_allowed"


def test_a_bank_payout_needs_a_bank_account_in_its_currency(
    client: stripe.StripeClient, paid_account: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"any external accounts in that currency \(eur\)"):
        pay_out(client, paid_account, currency="eur")


def test_an_instant_bank_payout_is_refused(client: stripe.StripeClient, paid_account: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="must be one of standard"):
        pay_out(client, paid_account, method="instant")


def test_bank_payouts_are_found_by_status_and_time_on_their_account_only(
    client: stripe.StripeClient, paid_account: str
) -> None:
    payout = pay_out(client, paid_account)
    wait_for_status(client, paid_account, payout.id, "paid")

    def found(**params: Any) -> list[str]:
        options: stripe.RequestOptions = {"stripe_account": paid_account}
        return [each.id for each in client.v1.payouts.list(params, options).data]  # type: ignore[arg-type]

    assert found(status="paid") == [payout.id]
    assert found(status="failed") == []
    assert found(arrival_date={"gte": payout.arrival_date}) == [payout.id]
    assert found(arrival_date={"gt": payout.arrival_date}) == []
    assert found(created=payout.created) == [payout.id]
    assert client.v1.payouts.list().data == []


def test_changed_metadata_is_an_event(client: stripe.StripeClient, paid_account: str) -> None:
    payout = pay_out(client, paid_account)
    wait_for_status(client, paid_account, payout.id, "paid")
    options: stripe.RequestOptions = {"stripe_account": paid_account}
    client.v1.payouts.update(payout.id, {"metadata": {"seen": "yes"}}, options)

    (newest, *_) = client.v1.events.list({"type": "payout.updated"}, options).data
    assert newest.to_dict()["data"]["object"]["metadata"] == {"seen": "yes"}


class TestFundsThatSettleLater:
    @pytest.fixture
    def server(self, config: Config) -> Iterator[SandboxServer]:
        with SandboxServer(replace(config, settle_seconds=0.5)) as server:
            yield server

    def test_a_transfer_can_be_paid_out_from_available_on(
        self, client: stripe.StripeClient, paid_account: str
    ) -> None:
        options: stripe.RequestOptions = {"stripe_account": paid_account}
        (arrival,) = client.v1.balance_transactions.list({"type": "payment"}, options).data
        assert (arrival.status, available(client, paid_account)) == ("pending", 0)
        assert client.v1.balance.retrieve({}, options).pending[0].amount == 100_00
        with pytest.raises(stripe.InvalidRequestError) as refused:
            pay_out(client, paid_account)
        assert refused.value.code == "balance_insufficient"

        time.sleep(max(0.0, arrival.available_on - time.time()))

        pay_out(client, paid_account)
        assert client.v1.balance_transactions.retrieve(arrival.id, {}, options).status == "available"
        assert client.v1.balance.retrieve({}, options).pending[0].amount == 0
        assert [
            event.type for event in client.v1.events.list({"type": "balance.available"}, options).data
        ] == ["balance.available"]


def test_stripe_debits_the_bank_of_a_negative_balance(client: stripe.StripeClient, paid_account: str) -> None:
    client.raw_request("post", f"/_sandbox/accounts/{paid_account}/adjust", amount=-130_00)
    debit = client.raw_request("post", f"/_sandbox/accounts/{paid_account}/debit").data
    assert (debit["amount"], debit["automatic"], debit["original_payout"]) == (-30_00, True, None)
    assert available(client, paid_account) == 0


def test_a_paid_payout_is_reversed_by_one_of_the_negative_amount(
    client: stripe.StripeClient, paid_account: str
) -> None:
    payout = pay_out(client, paid_account, 40_00)
    control = f"/_sandbox/payouts/{payout.id}/reverse"
    with pytest.raises(stripe.InvalidRequestError, match="can not be reversed"):
        client.raw_request("post", control)
    client.raw_request("post", "/_sandbox/clock", advance=10)
    reversal = client.raw_request("post", control).data
    assert (reversal["amount"], reversal["original_payout"]) == (-40_00, payout.id)
    assert available(client, paid_account) == 100_00
    original = client.v1.payouts.retrieve(
        payout.id, {"expand": ["reversed_by"]}, {"stripe_account": paid_account}
    )
    assert original.reversed_by.id == reversal["id"]  # type: ignore[union-attr]
    with pytest.raises(stripe.InvalidRequestError, match="can not be reversed"):
        client.raw_request("post", control)


def test_the_money_of_a_reversed_payout_comes_back_only_once(
    client: stripe.StripeClient, paid_account: str
) -> None:
    payout = pay_out(client, paid_account, 40_00)
    client.raw_request("post", "/_sandbox/clock", advance=10)
    reversal = client.raw_request("post", f"/_sandbox/payouts/{payout.id}/reverse").data
    client.raw_request("post", "/_sandbox/clock", advance=10)
    for returned in (payout.id, reversal["id"]):
        client.raw_request("post", f"/_sandbox/payouts/{returned}/fail")
    assert available(client, paid_account) == 100_00


def test_the_arrival_is_a_day(client: stripe.StripeClient, paid_account: str) -> None:
    payout = client.v1.payouts.create({"amount": 1_00, "currency": "usd"}, {"stripe_account": paid_account})
    assert payout.arrival_date % (24 * 60 * 60) == 0
    assert payout.arrival_date <= payout.created + 24 * 60 * 60


def test_stripe_can_pay_out_by_itself(client: stripe.StripeClient, paid_account: str) -> None:
    client.raw_request("post", f"/_sandbox/accounts/{paid_account}/payout", automatic=True)
    (payout,) = client.v1.payouts.list({}, {"stripe_account": paid_account}).data
    assert (payout.automatic, payout.amount) == (True, 100_00)
