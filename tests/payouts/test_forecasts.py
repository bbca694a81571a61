"""How much of the Stripe balance the next run needs is known days ahead."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import AccountStatus, HoldSource
from accounts.services.holds import place_hold
from database import sql
from database.staff import Act
from earnings.models import CreatorEarning
from payouts.errors import FundsWillBeMissing
from payouts.models import Forecast, Payout, PayoutRun, RunDecision
from payouts.selectors import latest_forecasts
from payouts.services.deciding import forecasts, runs
from payouts.states import DecisionReason
from stripe_io.errors import StripeCallFailed
from tests.factories import CreatorEarningFactory
from tests.local_stripe import Stripe
from tests.payouts.market import CUTOFF, GROSS_OF_THE_MINIMUM, Market, unsound

pytestmark = pytest.mark.django_db


def in_all_situations(market: Market) -> None:
    """Have one creator whom a run pays, one whose first payout waits, and some whom it doesn't pay."""
    waiting = market.creator("erin")
    market.payout(waiting)
    market.sell(market.creator("alice"), 100_00)
    market.sell(market.creator("bob"), GROSS_OF_THE_MINIMUM - 1)
    market.sell(market.creator("dave", account=AccountStatus.RESTRICTED), 100_00)
    charlie = market.creator("charlie")
    market.sell(charlie, 100_00)
    place_hold(charlie, source=HoldSource.STAFF, act=Act("dana", "Asked to wait"))


def test_a_forecast_is_what_the_run_then_decides(market: Market) -> None:
    in_all_situations(market)
    now = sql.now()
    foreseen = runs.forecast_run(cutoff=CUTOFF, now=now)
    made = runs.make_run(cutoff=CUTOFF, now=now)
    assert (foreseen.amounts, foreseen.creators) == (made.amounts, made.creators)
    assert len(foreseen.amounts) == 4


def test_a_creator_who_cannot_be_decided_is_left_out_of_the_forecast(market: Market) -> None:
    market.sell(market.creator("alice"), 100_00)
    mallory = market.creator("mallory")
    for _ in range(2):
        CreatorEarningFactory.create(creator=mallory, gross=9 * 10**18)
    foreseen = runs.forecast_run(cutoff=CUTOFF, now=sql.now())
    assert foreseen.creators == {(DecisionReason.PAID, "USD"): 1}


def test_a_forecast_leaves_nothing_behind(market: Market, sandbox: Stripe) -> None:
    in_all_situations(market)
    before = (Payout.objects.count(), RunDecision.objects.count(), PayoutRun.objects.count())
    forecasts.make_forecast(now=sql.now())
    assert (Payout.objects.count(), RunDecision.objects.count(), PayoutRun.objects.count()) == before
    assert CreatorEarning.objects.filter(payout=None).count() == 4
    assert unsound() == {}


def test_waiting_and_upcoming_payouts_are_compared_with_the_balance(market: Market, sandbox: Stripe) -> None:
    in_all_situations(market)
    (forecast,) = forecasts.make_forecast(now=sql.now())
    assert (forecast.currency, forecast.waiting, forecast.next_run) == ("USD", 80_00, 80_00)
    assert (forecast.available, forecast.missing) == (10_000_000_00, 0)
    assert latest_forecasts() == [forecast]


def test_missing_funds_are_reported_days_ahead_and_not_earlier(
    market: Market, sandbox: Stripe, settings: Settings
) -> None:
    market.sell(market.creator("alice"), 20_000_000_00)
    settings.FORECAST_ALERT_DAYS = 31
    with pytest.raises(FundsWillBeMissing, match=r"\$6,000,000.00 must be added"):
        forecasts.require_funds(now=sql.now())
    assert Forecast.objects.get().missing == 6_000_000_00
    settings.FORECAST_ALERT_DAYS = 0
    forecasts.require_funds(now=sql.now())


def test_enough_funds_alert_nobody(market: Market, sandbox: Stripe, settings: Settings) -> None:
    settings.FORECAST_ALERT_DAYS = 31
    market.sell(market.creator("alice"), 12_500_000_00)
    forecasts.require_funds(now=sql.now())
    assert Forecast.objects.get().missing == 0


def test_money_that_transfers_can_not_draw_on_is_not_available(market: Market, sandbox: Stripe) -> None:
    market.sell(market.creator("alice"), 12_500_001_25)
    sandbox.control("fund", amount=5_000_000_00, currency="usd", source_type="bank_account")
    (forecast,) = forecasts.make_forecast(now=sql.now())
    assert (forecast.available, forecast.missing) == (10_000_000_00, 1_00)


def test_the_next_night_updates_the_forecast(market: Market, sandbox: Stripe) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    forecasts.make_forecast(now=sql.now())
    market.sell(alice, 100_00)
    sandbox.fund(1)
    forecasts.make_forecast(now=sql.now())
    forecast = Forecast.objects.get()
    assert (forecast.next_run, forecast.available) == (160_00, 10_000_000_01)


def test_the_command_shows_all_figures(market: Market, sandbox: Stripe) -> None:
    market.sell(market.creator("alice"), 100_00)
    out = StringIO()
    call_command("forecast_payouts", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["USD"] == {
        "waiting": 0,
        "next_run": 80_00,
        "needed": 80_00,
        "available": 10_000_000_00,
        "missing": 0,
    }


def test_without_stripes_balance_there_is_no_forecast(market: Market, sandbox: Stripe) -> None:
    sandbox.inject({"method": "GET", "path": "/v1/balance", "kind": "status", "status": 500})
    with pytest.raises(CommandError):
        call_command("forecast_payouts")
    with pytest.raises(StripeCallFailed):
        forecasts.require_funds(now=sql.now())
    assert not Forecast.objects.exists()
