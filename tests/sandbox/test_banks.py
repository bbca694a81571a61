"""Bank payouts that come back, or don't leave."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import stripe

from sandbox.banks import FAILURES
from sandbox.config import Config
from sandbox.server import SandboxServer

Advance = Callable[[int], float]
Connect = Callable[[str], stripe.StripeClient]
State = Callable[[], dict[str, Any]]

HOUR = 60 * 60


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, payout_seconds=2 * HOUR)


def pay_out(client: stripe.StripeClient, account: str, amount: int = 40_00, currency: str = "usd") -> str:
    return client.v1.payouts.create({"amount": amount, "currency": currency}, {"stripe_account": account}).id


def retrieve(client: stripe.StripeClient, account: str, payout: str) -> stripe.Payout:
    return client.v1.payouts.retrieve(payout, {}, {"stripe_account": account})


def available(client: stripe.StripeClient, account: str) -> int:
    return client.v1.balance.retrieve({}, {"stripe_account": account}).available[0].amount


def seen(client: stripe.StripeClient, account: str) -> list[str]:
    """List the events of bank payouts, oldest first."""
    events = client.v1.events.list({"limit": 100}, {"stripe_account": account}).data
    return [str(event.type) for event in events if event.type.startswith("payout.")][::-1]


def plan(client: stripe.StripeClient, *rules: dict[str, Any]) -> None:
    client.raw_request("post", "/_sandbox/payout_failures", rules=list(rules))


@pytest.mark.parametrize(
    ("stage", "before"),
    [
        ("pending", ["payout.created"]),
        ("in_transit", ["payout.created", "payout.updated"]),
        ("paid", ["payout.created", "payout.updated", "payout.paid"]),
    ],
)
def test_a_planned_failure_happens_in_its_stage_and_returns_the_money(
    client: stripe.StripeClient, paid_account: str, advance: Advance, stage: str, before: list[str]
) -> None:
    plan(client, {"stage": stage, "failure_code": "account_closed", "count": 1})
    payout = pay_out(client, paid_account)
    assert retrieve(client, paid_account, payout).status == "pending"
    advance(5 * HOUR)

    failed = retrieve(client, paid_account, payout)
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert failed.failure_message == "The bank account has been closed."
    assert seen(client, paid_account) == [*before, "payout.failed"]
    assert available(client, paid_account) == 100_00
    options: stripe.RequestOptions = {"stripe_account": paid_account}
    back = client.v1.balance_transactions.retrieve(str(failed.failure_balance_transaction), {}, options)
    assert (back.type, back.amount, back.source) == ("payout_failure", 40_00, payout)


def test_a_payout_is_paid_for_a_while_before_its_bank_returns_it(
    client: stripe.StripeClient, paid_account: str, advance: Advance
) -> None:
    plan(client, {"stage": "paid", "failure_code": "no_account", "after_seconds": 24 * HOUR})
    payout = pay_out(client, paid_account)
    advance(3 * HOUR)
    assert retrieve(client, paid_account, payout).status == "paid"
    assert available(client, paid_account) == 60_00
    advance(24 * HOUR)
    assert retrieve(client, paid_account, payout).status == "failed"


def test_the_bank_account_of_a_failed_payout_is_errored(
    client: stripe.StripeClient, paid_account: str
) -> None:
    payout = pay_out(client, paid_account)
    client.raw_request("post", f"/_sandbox/payouts/{payout}/fail", failure_code="account_closed")
    bank = client.v1.accounts.retrieve(paid_account).to_dict()["external_accounts"]["data"][0]
    assert bank["status"] == "errored"
    options: stripe.RequestOptions = {"stripe_account": paid_account}
    (event,) = client.v1.events.list({"type": "account.external_account.updated"}, options).data
    assert event.data.object["id"] == bank["id"]
    assert event.data.previous_attributes is not None
    assert event.data.previous_attributes.to_dict() == {"status": "new"}


@pytest.mark.parametrize("code", FAILURES)
def test_each_code_can_be_chosen(client: stripe.StripeClient, paid_account: str, code: str) -> None:
    payout = pay_out(client, paid_account)
    client.raw_request("post", f"/_sandbox/payouts/{payout}/fail", failure_code=code)
    failed = retrieve(client, paid_account, payout)
    assert (failed.failure_code, failed.failure_message) == (code, FAILURES[code])


def test_a_failed_payout_neither_arrives_nor_fails_again(
    client: stripe.StripeClient, paid_account: str, advance: Advance
) -> None:
    payout = pay_out(client, paid_account)
    client.raw_request("post", f"/_sandbox/payouts/{payout}/fail")
    with pytest.raises(stripe.InvalidRequestError, match="can fail"):
        client.raw_request("post", f"/_sandbox/payouts/{payout}/fail")
    advance(5 * HOUR)
    assert retrieve(client, paid_account, payout).status == "failed"
    assert available(client, paid_account) == 100_00


def test_a_planned_failure_does_not_hit_a_cancelled_payout(
    client: stripe.StripeClient, paid_account: str, advance: Advance
) -> None:
    plan(client, {"stage": "pending", "failure_code": "declined"})
    payout = pay_out(client, paid_account)
    client.v1.payouts.cancel(payout, {}, {"stripe_account": paid_account})
    advance(5 * HOUR)
    assert retrieve(client, paid_account, payout).status == "canceled"
    assert available(client, paid_account) == 100_00


def test_a_pending_payout_can_be_cancelled_and_the_money_returns(
    client: stripe.StripeClient, paid_account: str
) -> None:
    payout = pay_out(client, paid_account)
    cancelled = client.v1.payouts.cancel(payout, {}, {"stripe_account": paid_account})
    assert (cancelled.status, cancelled.failure_code) == ("canceled", None)
    assert available(client, paid_account) == 100_00
    assert seen(client, paid_account) == ["payout.created", "payout.canceled"]
    back = client.v1.balance_transactions.retrieve(
        str(cancelled.failure_balance_transaction), {}, {"stripe_account": paid_account}
    )
    assert (back.type, back.amount) == ("payout_cancel", 40_00)


def test_a_payout_in_transit_cannot_be_cancelled(
    client: stripe.StripeClient, paid_account: str, advance: Advance
) -> None:
    payout = pay_out(client, paid_account)
    advance(HOUR)
    with pytest.raises(stripe.InvalidRequestError, match="this one is in_transit"):
        client.v1.payouts.cancel(payout, {}, {"stripe_account": paid_account})


def test_a_rule_hits_its_count_and_only_its_account(
    client: stripe.StripeClient, paid_account: str, advance: Advance
) -> None:
    plan(
        client,
        {"stage": "pending", "failure_code": "declined", "account": "acct_other"},
        {"stage": "pending", "failure_code": "no_account", "count": 1},
    )
    first, second = pay_out(client, paid_account), pay_out(client, paid_account)
    advance(5 * HOUR)
    assert retrieve(client, paid_account, first).failure_code == "no_account"
    assert retrieve(client, paid_account, second).status == "paid"


def test_chance_is_repeatable_by_its_seed_and_goes_on_after_a_restart(
    config: Config, connect: Connect
) -> None:
    def outcomes(seed: int, folder: str) -> list[bool]:
        seeded = replace(config, seed=seed, state=config.state / folder)
        with SandboxServer(seeded) as server:
            client = connect(server.url)
            account = client.v1.accounts.create(
                {"type": "express", "capabilities": {"transfers": {"requested": True}}}
            ).id
            client.raw_request("post", f"/_sandbox/accounts/{account}/complete")
            client.raw_request("post", f"/_sandbox/accounts/{account}/adjust", amount=100_00)
            plan(client, {"stage": "pending", "failure_code": "declined", "probability": 0.3})
            payouts = [pay_out(client, account, 1) for _ in range(20)]
        with SandboxServer(seeded) as server:
            client = connect(server.url)
            payouts += [pay_out(client, account, 1) for _ in range(20)]
            client.raw_request("post", "/_sandbox/clock", advance=5 * HOUR)
            return [retrieve(client, account, payout).status == "failed" for payout in payouts]

    first = outcomes(1, "first")
    assert outcomes(1, "second") == first
    assert outcomes(2, "third") != first
    assert 0 < sum(first[:20]) < 20
    assert 0 < sum(first[20:]) < 20


def test_without_rules_no_payout_fails(
    client: stripe.StripeClient, paid_account: str, advance: Advance
) -> None:
    plan(client, {"stage": "pending", "failure_code": "declined"})
    client.raw_request("post", "/_sandbox/payout_failures")
    payout = pay_out(client, paid_account)
    advance(5 * HOUR)
    assert retrieve(client, paid_account, payout).status == "paid"


@pytest.mark.parametrize(
    "rule",
    [
        {"stage": "later", "failure_code": "declined"},
        {"stage": "paid", "failure_code": "bored"},
        {"stage": "paid"},
        {"stage": "paid", "failure_code": "declined", "when": "tomorrow"},
    ],
)
def test_an_invalid_rule_is_refused(client: stripe.StripeClient, rule: dict[str, Any]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        plan(client, rule)


class TestWhatNoBankTakes:
    def open_account(self, client: stripe.StripeClient, country: str) -> str:
        account = client.v1.accounts.create({"type": "express", "country": country}).id
        client.raw_request("post", f"/_sandbox/accounts/{account}/complete")
        client.raw_request("post", f"/_sandbox/accounts/{account}/adjust", amount=100_000_50)
        return account

    @pytest.mark.parametrize(("country", "currency"), [("HU", "huf"), ("IS", "isk"), ("TW", "twd")])
    def test_some_currencies_are_paid_out_in_whole_units(
        self, client: stripe.StripeClient, country: str, currency: str
    ) -> None:
        account = self.open_account(client, country)
        with pytest.raises(stripe.InvalidRequestError, match="divisible by 100") as refused:
            pay_out(client, account, 100_000_50, currency)
        assert refused.value.param == "amount"
        pay_out(client, account, 100_000_00, currency)
        assert available(client, account) == 50

    @pytest.mark.parametrize(("currency", "step"), [("ugx", 100), ("kwd", 10), ("tnd", 10)])
    def test_some_currencies_leave_in_steps_only(
        self, client: stripe.StripeClient, currency: str, step: int
    ) -> None:
        account = self.open_account(client, "DE")
        control = f"/_sandbox/accounts/{account}"
        client.raw_request("post", f"{control}/bank_account", country="DE", currency=currency)
        client.raw_request("post", f"{control}/adjust", amount=100_000_005, currency=currency)
        with pytest.raises(stripe.InvalidRequestError, match=f"divisible by {step}"):
            pay_out(client, account, 100_000_005, currency)
        pay_out(client, account, 100_000_000, currency)

    @pytest.mark.parametrize(
        ("country", "currency", "least"),
        [("DE", "eur", 1_00), ("JP", "jpy", 1), ("MX", "mxn", 10_00), ("AU", "aud", 1), ("US", "usd", 1)],
    )
    def test_each_country_has_its_minimum_amount(
        self, client: stripe.StripeClient, country: str, currency: str, least: int
    ) -> None:
        account = self.open_account(client, country)
        if least > 1:
            with pytest.raises(stripe.InvalidRequestError, match="no less than") as refused:
                pay_out(client, account, least - 1, currency)
            assert refused.value.code == "amount_too_small"
        pay_out(client, account, least, currency)
