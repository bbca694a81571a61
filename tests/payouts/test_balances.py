"""A creator's balance adds up: everything ever earned is paid, on its way, available, or owed back."""

import pytest

from database import sql
from database.staff import Act
from payouts.models import Payout
from payouts.selectors import Balance, balances_of
from payouts.services.staff.interventions import cancel_payout
from tests.payouts.market import Market
from tests.payouts.tampering import guards_off

pytestmark = pytest.mark.django_db


def test_a_creator_without_earnings_has_no_balance(market: Market) -> None:
    assert balances_of(market.creator("alice").pk) == []


def test_what_is_earned_is_paid_on_its_way_or_available(market: Market) -> None:
    alice = market.creator("alice")
    market.payout(alice)
    market.sell(alice, 10_00, at="2025-10-05T12:00:00Z")
    market.adjust(alice, 2_00, booked_at=sql.now())
    (balance,) = balances_of(alice.pk)
    assert balance == Balance(
        currency="USD",
        lifetime_net=90_00,
        unclaimed_net=10_00,
        on_its_way=80_00,
        paid=0,
        adjusted=2_00,
        written_off=0,
        booked=10_00,
    )
    assert (balance.available, balance.owed, balance.adds_up) == (10_00, 0, True)


def test_a_debt_is_owed_until_it_is_written_off(market: Market) -> None:
    alice = market.creator("alice")
    market.refund(alice, 50_00)
    (before,) = balances_of(alice.pk)
    assert (before.available, before.owed, before.lifetime_net) == (0, 40_00, -40_00)
    market.write_off(alice)
    market.sell(alice, 10_00)
    (after,) = balances_of(alice.pk)
    assert (after.available, after.owed, after.written_off) == (0, 0, 32_00)
    assert before.adds_up
    assert after.adds_up


def test_earnings_of_a_dead_payout_are_available_again(market: Market) -> None:
    alice = market.creator("alice")
    cancel_payout(market.payout(alice).pk, act=Act("dana", "not yet"), now=sql.now())
    (balance,) = balances_of(alice.pk)
    assert (balance.available, balance.on_its_way, balance.adds_up) == (80_00, 0, True)


def test_a_paid_payout_is_paid(paid: Payout) -> None:
    (balance,) = balances_of(paid.creator_id)
    assert (balance.paid, balance.on_its_way, balance.available) == (80_00, 0, 0)
    assert balance.adds_up


@pytest.mark.parametrize(
    "corruption",
    [
        "INSERT INTO paid_totals (creator_id, currency, gross, net, last_updated) "
        "SELECT creator_id, currency, 1, 1, now() FROM payouts",
        "UPDATE payouts SET net_amount = net_amount + 1, gross_amount = gross_amount + 1",
        "UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'creator_payable'",
    ],
)
def test_a_balance_that_does_not_add_up_says_so(market: Market, corruption: str) -> None:
    alice = market.creator("alice")
    market.payout(alice)
    (sound,) = balances_of(alice.pk)
    with guards_off():
        sql.run(corruption)
    (wrong,) = balances_of(alice.pk)
    assert sound.adds_up
    assert not wrong.adds_up
