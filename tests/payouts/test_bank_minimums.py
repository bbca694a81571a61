"""What a bank abroad would refuse as too small is carried over to the next run, instead of sent and reversed."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from accounts.models import Creator, CreatorPaymentAccount
from accounts.services import payment_accounts
from accounts.services.holds import end_cool_down
from database import sql
from database.staff import Act
from money.currencies import is_current
from payouts.models import Payout, PayoutAttempt, RunDecision
from payouts.selectors.bank_minimums import bank_minimums
from payouts.states import AttemptKind, DecisionReason, PayoutStatus
from tests.factories import PayoutFactory
from tests.local_stripe import Stripe
from tests.payouts.market import NEXT_CUTOFF, Market, unsound
from tests.payouts.sending import work

LATER = "2025-10-10T12:00:00Z"


def abroad(market: Market, country: str, currency: str) -> Creator:
    """A creator whose account is paid in this currency."""
    creator = market.creator("rosa")
    CreatorPaymentAccount.objects.update(country=country, default_currency=currency)
    return creator


def reason() -> str:
    return RunDecision.objects.latest("decided_at", "pk").reason


def converted(net_amount: int, arrival_amount: int) -> None:
    """Have a transfer to somebody else arrive in won."""
    PayoutFactory.create(
        run=None,
        gross_amount=net_amount,
        platform_fee=0,
        net_amount=net_amount,
        status=PayoutStatus.PAID,
        paid_at=sql.now(),
        arrival_amount=arrival_amount,
        bank_currency="KRW",
    )


def test_the_table_has_each_country_once_in_a_current_currency() -> None:
    minimums = bank_minimums()
    assert len({minimum.country for minimum in minimums}) == len(minimums)
    assert all(is_current(minimum.currency) and minimum.amount > 1 for minimum in minimums)
    assert ("KR", "KRW", 40_000) in minimums
    assert ("SV", "USD", 30_00) in minimums


@pytest.mark.parametrize(
    ("home", "by_stripe"), [("SV", False), ("US", True)], ids=["at home", "paid out by Stripe"]
)
def test_no_minimum_applies_there(settings: Settings, home: str, by_stripe: bool) -> None:
    settings.PLATFORM_COUNTRY, settings.BANK_PAYOUTS_BY_STRIPE = home, by_stripe
    assert "SV" not in {minimum.country for minimum in bank_minimums()}


@pytest.mark.django_db
def test_a_payout_below_the_banks_minimum_is_carried_over(market: Market) -> None:
    rosa = abroad(market, "SV", "USD")
    market.sell(rosa, 36_00)
    market.run()
    assert (reason(), Payout.objects.exists()) == (DecisionReason.BELOW_BANK_MINIMUM, False)
    market.sell(rosa, 2_00, at=LATER)
    market.run(NEXT_CUTOFF)
    assert Payout.objects.get().net_amount == 30_40
    assert unsound() == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rate", "made"),
    [
        # 40,000 won are $30.00 and, with what the rate may move by, $30.90.
        ((75_00, 100_000), False),
        ((77_00, 110_000), True),
        (None, True),
    ],
)
def test_a_minimum_in_the_banks_currency_is_converted_at_the_latest_known_rate(
    market: Market, rate: tuple[int, int] | None, made: bool
) -> None:
    rosa = abroad(market, "KR", "KRW")
    converted(50_00, 1)
    if rate:
        converted(*rate)
    else:
        Payout.objects.all().update(bank_currency="USD")
    market.sell(rosa, 37_50)
    market.run()
    assert Payout.objects.filter(creator=rosa).exists() == made


@pytest.mark.django_db
def test_what_a_bank_refused_as_too_small_is_reversed_once_and_then_carried_over(
    market: Market, sandbox: Stripe, settings: Settings
) -> None:
    # Stripe has granted this platform accounts in Korea.
    settings.STRIPE_COUNTRIES = {"KR": "full"}
    sandbox.control("switches", regions=False)
    kim = market.creator("kim", account=None)
    Creator.objects.update(country="KR")
    market.onboard(kim)
    market.sell(kim, 31_25)
    market.run()
    for hours in range(0, 8, 2):
        work(sql.now() + timedelta(hours=hours))
    first = Payout.objects.get()
    assert (first.status, first.failure_code) == (PayoutStatus.REVERSED, "amount_too_small")
    market.run(NEXT_CUTOFF)
    assert (reason(), Payout.objects.count()) == (DecisionReason.BELOW_BANK_MINIMUM, 1)
    market.sell(kim, 12_50, at=LATER)
    market.run(NEXT_CUTOFF)
    second = Payout.objects.exclude(pk=first.pk).get()
    for _ in range(3):
        work(sql.now())
    second.refresh_from_db()
    assert (second.net_amount, bool(second.stripe_payout_id)) == (35_00, True)
    assert unsound() == {}


@pytest.mark.django_db
def test_money_waits_for_a_bank_account_in_its_currency(sent: Payout, sandbox: Stripe) -> None:
    account = CreatorPaymentAccount.objects.get()
    bank_account = f"accounts/{account.stripe_account_id}/bank_account"
    sandbox.control(bank_account, country="DE", currency="eur")
    work(sql.now())
    returned = Payout.objects.get()
    assert (returned.status, returned.failure_code) == (
        PayoutStatus.RETURNED,
        "no_bank_account_in_currency",
    )
    work(sql.now() + timedelta(hours=2))
    assert PayoutAttempt.objects.filter(kind=AttemptKind.BANK_PAYOUT).count() == 1
    sandbox.control(bank_account, country="US", currency="usd")
    payment_accounts.refresh_payment_account(account, now=sql.now())
    end_cool_down(account.creator, act=Act("dana", "She wrote"), now=sql.now())
    work(sql.now() + timedelta(hours=4))
    assert Payout.objects.get().status == PayoutStatus.IN_TRANSIT
    assert [payout["currency"] for payout in sandbox.state("payouts")["payouts"]] == ["usd"]
