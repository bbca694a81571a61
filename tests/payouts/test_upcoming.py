"""When and how much will be paid next, and what blocks it: the forecast matches the run's decision."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from pytest_django import Settings

from accounts.models import AccountStatus, Creator, HoldSource
from accounts.services.holds import cool_down, hold_until_paid_elsewhere, place_hold
from database import sql
from database.staff import Act
from ledger import services as ledger
from ledger.models import AccountKind
from ledger.services import Line
from money import Money, Period
from payouts import selectors
from payouts.explanations import (
    ACCOUNT_DISABLED,
    ACCOUNT_GONE,
    BLOCKER_CODES,
    COOLING_DOWN,
    DESTINATION_REFUSED,
    explain_blocker,
)
from payouts.models import Payout, RunDecision
from payouts.selectors import Upcoming
from payouts.states import DecisionReason, PayoutStatus
from stripe_io.models import Installation
from tests.api import caller
from tests.documented import read
from tests.payouts.market import CUTOFF, GROSS_OF_THE_MINIMUM, NEXT_CUTOFF, Market

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 9, 20, 12, tzinfo=UTC)


def foreseen(creator: Creator, *, now: datetime = NOW, requested: str | None = None) -> Upcoming:
    return selectors.upcoming_of(creator.pk, requested=requested, now=now)


def hold(market: Market, alice: Creator) -> None:
    place_hold(alice, source=HoldSource.STAFF, act=Act("eve", "looks odd"))


def change_destination(market: Market, alice: Creator) -> None:
    cool_down(alice, reason="another bank account", now=sql.now())


def lose_every_payout(market: Market, alice: Creator) -> None:
    hold_until_paid_elsewhere(alice.pk, reason="refused three times")


def disagree(market: Market, alice: Creator) -> None:
    ledger.post(
        source_key="a mistake",
        kind="mistake",
        lines=[
            Line(AccountKind.SUSPENSE, Money(-1, "USD")),
            Line(AccountKind.CREATOR_PAYABLE, Money(1, "USD"), creator_id=alice.pk),
        ],
    )


def open_payout(status: PayoutStatus) -> Callable[[Market, Creator], object]:
    def make(market: Market, alice: Creator) -> None:
        market.sell(alice, 100_00, at="2025-08-10T12:00:00Z")
        market.run(date(2025, 9, 1))
        Payout.objects.update(status=status, paid_at=sql.now())

    return make


def account(status: AccountStatus) -> Callable[[Market, Creator], object]:
    def change(market: Market, alice: Creator) -> None:
        stripe_id = None if status == AccountStatus.NOT_CREATED else "acct_alice"
        alice.payment_accounts.update(account_status=status, stripe_account_id=stripe_id)

    return change


def sell(gross: int) -> Callable[[Market, Creator], object]:
    return lambda market, alice: market.sell(alice, gross)


def take_back(gross: int) -> Callable[[Market, Creator], object]:
    return lambda market, alice: market.refund(alice, gross)


def replace_account(market: Market, alice: Creator) -> None:
    alice.payment_accounts.update(replaced_at=NOW)


def lose_account(market: Market, alice: Creator) -> None:
    alice.payment_accounts.update(account_status=AccountStatus.from_stripe(None), gone_at=NOW)


def refuse_country(market: Market, alice: Creator) -> None:
    account(AccountStatus.NOT_CREATED)(market, alice)
    alice.payment_accounts.update(refused_country="AQ")


def adjust_later(market: Market, alice: Creator) -> None:
    """Book something that the run does not look at yet."""
    market.adjust(alice, 50_00, booked_at=datetime(2025, 10, 1, tzinfo=UTC))


ENOUGH = sell(100_00)
R = DecisionReason


@pytest.mark.parametrize(
    ("happened", "blockers"),
    [
        ([ENOUGH], []),
        ([sell(GROSS_OF_THE_MINIMUM)], []),
        ([sell(GROSS_OF_THE_MINIMUM - 1)], [R.BELOW_MINIMUM]),
        ([sell(10_00), adjust_later], [R.BELOW_MINIMUM]),
        ([take_back(10_00)], [R.NEGATIVE_BALANCE]),
        ([sell(10_00), take_back(10_00)], [R.BELOW_MINIMUM]),
        ([ENOUGH, hold], [R.ON_HOLD]),
        ([ENOUGH, replace_account], [R.NO_ACCOUNT]),
        ([ENOUGH, account(AccountStatus.NOT_CREATED)], [R.NO_ACCOUNT]),
        ([ENOUGH, refuse_country], [R.COUNTRY_NOT_SUPPORTED]),
        ([ENOUGH, account(AccountStatus.PENDING)], [R.ONBOARDING_INCOMPLETE]),
        ([ENOUGH, account(AccountStatus.ONBOARDING)], [R.ONBOARDING_INCOMPLETE]),
        ([ENOUGH, account(AccountStatus.RESTRICTED)], [R.ACCOUNT_RESTRICTED]),
        ([ENOUGH, account(AccountStatus.DISABLED)], [ACCOUNT_DISABLED]),
        ([ENOUGH, lose_account], [ACCOUNT_GONE]),
        ([ENOUGH, change_destination], [COOLING_DOWN]),
        ([ENOUGH, change_destination, hold], [R.ON_HOLD, COOLING_DOWN]),
        ([ENOUGH, lose_every_payout], [DESTINATION_REFUSED]),
        ([ENOUGH, disagree], [R.BOOKS_DISAGREE]),
        *(
            ([open_payout(status), ENOUGH], [R.PREVIOUS_PAYOUT_OPEN])
            for status in (
                PayoutStatus.PENDING,
                PayoutStatus.ON_HOLD,
                PayoutStatus.PROCESSING,
                PayoutStatus.UNRESOLVED,
                PayoutStatus.RETURNED,
            )
        ),
        ([open_payout(PayoutStatus.IN_TRANSIT), ENOUGH], []),
        ([open_payout(PayoutStatus.PAID), ENOUGH], []),
        (
            [
                open_payout(PayoutStatus.PENDING),
                sell(1_00),
                hold,
                account(AccountStatus.RESTRICTED),
                disagree,
            ],
            [R.BELOW_MINIMUM, R.ON_HOLD, R.ACCOUNT_RESTRICTED, R.PREVIOUS_PAYOUT_OPEN, R.BOOKS_DISAGREE],
        ),
        (
            [take_back(1_00), hold, account(AccountStatus.PENDING)],
            [R.NEGATIVE_BALANCE, R.ON_HOLD, R.ONBOARDING_INCOMPLETE],
        ),
    ],
)
def test_the_forecast_is_what_the_run_decides(
    market: Market, happened: list[Callable[[Market, Creator], object]], blockers: list[str]
) -> None:
    alice = market.creator("alice")
    for happen in happened:
        happen(market, alice)
    upcoming = foreseen(alice)
    assert list(upcoming.blockers) == blockers
    market.run(CUTOFF)
    decision = RunDecision.objects.get(creator=alice, run__cutoff=CUTOFF)
    first = upcoming.blockers[0] if upcoming.blockers else DecisionReason.PAID
    # To the run a disabled or gone account is one more that Stripe restricts; a cool-down only delays its payout.
    to_the_run = {
        DESTINATION_REFUSED: R.ON_HOLD,
        ACCOUNT_DISABLED: R.ACCOUNT_RESTRICTED,
        ACCOUNT_GONE: R.ACCOUNT_RESTRICTED,
        COOLING_DOWN: R.PAID,
    }
    assert decision.reason == to_the_run.get(first, first)
    assert decision.amount == upcoming.payable_net
    if decision.payout:
        assert decision.payout.net_amount == upcoming.payable_net
        assert decision.payout.period_start == upcoming.period.start


def test_a_currency_without_a_minimum_is_not_paid(market: Market, settings: Settings) -> None:
    alice = market.creator("alice")
    market.sell(alice, 100_00)
    settings.MINIMUM_PAYOUT = {"EUR": 25_00}
    upcoming = foreseen(alice)
    assert upcoming.blockers == (R.NO_MINIMUM_FOR_CURRENCY,)
    assert (upcoming.minimum, upcoming.shortfall) == (None, None)
    market.run(CUTOFF)
    assert RunDecision.objects.get().reason == R.NO_MINIMUM_FOR_CURRENCY


def test_each_reason_of_a_run_can_be_forecast() -> None:
    foreseeable = set(BLOCKER_CODES) - {ACCOUNT_DISABLED, ACCOUNT_GONE, COOLING_DOWN, DESTINATION_REFUSED}
    assert foreseeable == set(DecisionReason) - {DecisionReason.PAID, DecisionReason.ERROR}
    for code in BLOCKER_CODES:
        assert explain_blocker(code).message.endswith(".")
        assert explain_blocker(code).action.endswith(".")


def install(settings: Settings, *, payout_day: int) -> None:
    """Date the installation 20 September 2025."""
    settings.PAYOUT_DAY = payout_day
    began = datetime(2025, 9, 20, tzinfo=UTC)
    Installation.objects.update_or_create(defaults={"mode": "sandbox", "installed_at": began})


@pytest.mark.parametrize(
    ("now", "payout_day", "cutoff", "day"),
    [
        ("2025-09-20T12:00:00", 1, date(2025, 10, 1), date(2025, 10, 1)),
        ("2025-10-01T00:00:01", 1, date(2025, 10, 1), date(2025, 10, 1)),
        ("2025-10-03T00:00:01", 1, date(2025, 10, 1), date(2025, 10, 3)),
        ("2025-10-10T12:00:00", 15, date(2025, 10, 1), date(2025, 10, 15)),
    ],
)
def test_the_next_payout_is_made_when_the_next_run_is(
    market: Market, settings: Settings, now: str, payout_day: int, *, cutoff: date, day: date
) -> None:
    install(settings, payout_day=payout_day)
    upcoming = foreseen(market.creator("alice"), now=datetime.fromisoformat(f"{now}+00:00"))
    assert (upcoming.period.end, upcoming.day) == (cutoff, day)


@pytest.mark.parametrize(("payout_day", "day"), [(1, date(2025, 11, 1)), (15, date(2025, 11, 15))])
def test_after_a_run_the_next_one_is_a_month_later(
    market: Market, settings: Settings, payout_day: int, day: date
) -> None:
    install(settings, payout_day=payout_day)
    alice = market.creator("alice")
    market.run(CUTOFF)
    upcoming = foreseen(alice, now=datetime(2025, 10, 15, 0, 20, tzinfo=UTC))
    assert (upcoming.period, upcoming.day) == (Period(CUTOFF, NEXT_CUTOFF), day)


def test_the_current_month_counts_towards_the_amount_but_not_the_minimum(
    market: Market, settings: Settings
) -> None:
    install(settings, payout_day=15)
    alice = market.creator("alice")
    market.sell(alice, 10_00, at="2025-09-10T12:00:00Z")
    market.sell(alice, 100_00, at="2025-10-03T12:00:00Z")
    upcoming = foreseen(alice, now=datetime(2025, 10, 10, tzinfo=UTC))
    assert (upcoming.unclaimed_net, upcoming.payable_net, upcoming.shortfall) == (88_00, 8_00, 17_00)
    assert upcoming.period == Period(date(2025, 9, 1), date(2025, 10, 1))
    assert upcoming.blockers == (R.BELOW_MINIMUM,)


def test_old_earnings_are_part_of_the_next_payout(market: Market) -> None:
    alice = market.creator("alice")
    market.sell(alice, 10_00, at="2025-03-10T12:00:00Z")
    market.sell(alice, 100_00)
    assert foreseen(alice).period == Period(date(2025, 3, 1), CUTOFF)


def test_each_currency_has_its_own_forecast(market: Market, settings: Settings) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 25_00, "EUR": 40_00}
    alice, bob = market.creators(["alice", "bob"])
    market.sell(alice, 100_00)
    market.sell(alice, 20_00, currency="EUR")
    market.sell(bob, 20_00, currency="EUR")
    assert (foreseen(alice).currency, foreseen(alice).blockers) == ("USD", ())
    in_euros = foreseen(alice, requested="EUR")
    assert (in_euros.unclaimed_net, in_euros.minimum, in_euros.shortfall) == (16_00, 40_00, 24_00)
    assert foreseen(bob).currency == "EUR"
    assert foreseen(alice, requested="GBP").blockers == (R.NO_MINIMUM_FOR_CURRENCY,)


def test_a_new_creator_sees_what_to_do() -> None:
    body = read(caller("newcomer"), "/payouts/upcoming")
    assert (body["currency"], body["next_payout_amount"], body["minimum_payout_amount"]) == ("USD", 0, 25_00)
    assert body["shortfall"] == 25_00
    assert body["eligible"] is False
    assert [blocker["code"] for blocker in body["blockers"]] == ["below_minimum", "no_account"]


def test_a_payable_creator_sees_when_and_how_much(market: Market) -> None:
    alice = market.creator("alice")
    now = sql.now()
    market.sell(alice, 100_00, at=now.isoformat())
    body = read(caller("alice"), "/payouts/upcoming")
    assert body["next_payout_date"] > now.date().isoformat()
    assert body["period_start"] <= now.date().isoformat() < body["period_end"]
    assert (body["next_payout_amount"], body["shortfall"]) == (80_00, 0)
    assert (body["eligible"], body["blockers"]) == (True, [])


@pytest.mark.parametrize("asked", [{"currency": "usd"}, {"currency": ""}, {"page": "1"}])
def test_invalid_queries_are_refused(asked: dict[str, str]) -> None:
    assert caller("alice").get("/api/v1/payouts/upcoming", asked).status_code == 400
