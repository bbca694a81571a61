"""A run that pays far more than usual waits for staff, and nothing of a run is sent before it is complete."""

import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import Creator
from database import sql
from database.staff import Act
from payouts.errors import RunNotHeld
from payouts.models import PauseCause, Payout, PayoutRun, SendingPause
from payouts.services.deciding import funds, run_size, runs
from payouts.services.sending import engine
from payouts.states import PayoutStatus
from tests.factories import PayoutFactory, PayoutRunFactory
from tests.local_stripe import Stripe
from tests.payouts.market import CUTOFF, Market
from tests.payouts.sending import taken

pytestmark = pytest.mark.django_db
WHY = Act("dana", "A new marketplace joined")
SEEN = "the median of earlier runs is $100.00"


@pytest.fixture
def alice(market: Market) -> Creator:
    return market.creator("alice")


def paid_before(*nets: int, currency: str = "USD") -> None:
    """Make complete runs of earlier months that paid these sums, oldest first."""
    for month, net in enumerate(nets, start=1):
        PayoutFactory.create(
            run=PayoutRunFactory.create(cutoff=date(2025, month, 1)),
            status=PayoutStatus.PAID,
            currency=currency,
            gross_amount=net,
            platform_fee=0,
        )


def run_of(market: Market, creator: Creator, net: int) -> Payout:
    return market.payout(creator, gross=net * 10 // 8)


def is_sent(payout: Payout) -> bool:
    return payout.pk in taken(sql.now())


@pytest.mark.parametrize(
    ("earlier", "net", "waits"),
    [
        ((100_00, 100_00, 100_00), 500_00, False),
        ((100_00, 100_00, 100_00), 500_08, True),
        ((100_00, 100_00), 100_000_00, False),
        ((1_00, 100_00, 10_000_00), 500_08, True),
        ((100_00, 100_00, 50_00, 150_00), 500_00, False),
        ((100_000_00, 1_000_00, 100_00, 100_00, 100_00, 100_00, 100_00), 500_08, True),
    ],
    ids=["five times", "more", "two earlier runs", "median", "even number", "the last six"],
)
def test_a_run_of_over_five_times_the_median_waits_for_staff(
    market: Market, alice: Creator, earlier: tuple[int, ...], net: int, waits: bool
) -> None:
    paid_before(*earlier)
    assert is_sent(run_of(market, alice, net)) is not waits


def test_the_pause_names_the_run_its_sum_and_the_median(market: Market, alice: Creator) -> None:
    paid_before(100_00, 100_00, 100_00)
    run_of(market, alice, 800_00)
    pause = SendingPause.objects.get()
    assert (pause.cause, pause.currency, pause.needed) == (PauseCause.RUN_SIZE, "USD", 800_00)
    assert pause.run
    assert pause.run.cutoff == CUTOFF
    assert pause.detail == f"the September 2025 run pays $800.00, and {SEEN}"


def test_payouts_that_ended_unpaid_count_in_no_sum(market: Market, alice: Creator) -> None:
    paid_before(100_00, 100_00, 100_00)
    Payout.objects.filter(run__cutoff=date(2025, 1, 1)).update(status=PayoutStatus.FAILED)
    assert is_sent(run_of(market, alice, 800_00))  # only two runs paid something


def test_only_the_currency_and_the_run_that_are_unusual_wait(market: Market, alice: Creator) -> None:
    paid_before(100_00, 100_00, 100_00)
    held = run_of(market, alice, 800_00)
    euros = PayoutFactory.create(run=held.run, currency="EUR", next_retry_at=sql.now())
    earlier = PayoutFactory.create(
        run=PayoutRun.objects.get(cutoff=date(2025, 1, 1)), next_retry_at=sql.now()
    )
    assert taken(sql.now()) == [euros.pk, earlier.pk]


def test_money_that_left_goes_on_to_the_bank_and_is_looked_up(market: Market, alice: Creator) -> None:
    paid_before(100_00, 100_00, 100_00)
    held = run_of(market, alice, 800_00)
    now = sql.now()
    going_on = [
        PayoutFactory.create(run=held.run, status=status, next_retry_at=now).pk
        for status in (PayoutStatus.PROCESSING, PayoutStatus.UNRESOLVED, PayoutStatus.IN_TRANSIT)
    ]
    assert taken(now) == going_on


def test_a_run_that_waits_is_no_lack_of_funds(market: Market, alice: Creator, sandbox: Stripe) -> None:
    paid_before(100_00, 100_00, 100_00)
    run_of(market, alice, 12_000_000_00)
    funds.update_pauses(now=sql.now())
    assert SendingPause.objects.get().cause == PauseCause.RUN_SIZE


def test_the_brake_can_be_turned_off(market: Market, alice: Creator, settings: Settings) -> None:
    settings.RUN_SIZE_FACTOR = 0
    paid_before(100_00, 100_00, 100_00)
    assert is_sent(run_of(market, alice, 800_00))


@pytest.mark.usefixtures("dana_and_erin")
def test_staff_release_a_run_with_a_reason(market: Market, alice: Creator) -> None:
    paid_before(100_00, 100_00, 100_00)
    payout = run_of(market, alice, 800_00)
    out = StringIO()
    call_command("sending", "status", "--json", stdout=out)
    assert list(json.loads(out.getvalue())["pauses"]) == [f"run_size {CUTOFF} USD"]
    call_command("sending", "release-run", str(CUTOFF), "--reason", "A launch", "--actor", "dana", stdout=out)
    pause = SendingPause.objects.get()
    assert (pause.lifted_by, pause.lift_reason) == ("dana via cli", "A launch")
    assert is_sent(payout)


@pytest.mark.usefixtures("dana_and_erin")
def test_resuming_all_sending_releases_no_run(market: Market, alice: Creator) -> None:
    paid_before(100_00, 100_00, 100_00)
    run_of(market, alice, 800_00)
    with pytest.raises(CommandError, match="No pause of all sending"):
        call_command("sending", "resume", "--reason", "Go", "--actor", "dana")
    with pytest.raises(RunNotHeld):
        run_size.release_run(cutoff=CUTOFF, currency="EUR", act=WHY, now=sql.now())
    assert SendingPause.objects.get().lifted_at is None


def test_a_released_run_waits_again_only_if_it_grows(market: Market, alice: Creator) -> None:
    paid_before(100_00, 100_00, 100_00)
    payout = run_of(market, alice, 800_00)
    run_size.release_run(cutoff=CUTOFF, currency=None, act=WHY, now=sql.now())
    market.run()
    assert not SendingPause.objects.filter(lifted_at=None).exists()
    more = run_of(market, market.creator("bob"), 80_00)
    assert SendingPause.objects.get(lifted_at=None).needed == 880_00
    assert {payout.pk, more.pk}.isdisjoint(taken(sql.now()))


def test_a_run_that_is_no_larger_than_usual_any_more_is_released(market: Market, alice: Creator) -> None:
    paid_before(100_00, 100_00, 100_00)
    wrong = run_of(market, alice, 8_000_00)
    Payout.objects.filter(pk=wrong.pk).update(status=PayoutStatus.CANCELLED, next_retry_at=None)
    right = run_of(market, market.creator("bob"), 80_00)
    assert SendingPause.objects.get().lifted_by == "system"
    assert is_sent(right)


def test_a_run_of_which_all_is_cancelled_waits_no_more(market: Market, alice: Creator) -> None:
    paid_before(100_00, 100_00, 100_00)
    wrong = run_of(market, alice, 8_000_00)
    Payout.objects.filter(pk=wrong.pk).update(status=PayoutStatus.CANCELLED, next_retry_at=None)
    market.run()
    assert SendingPause.objects.get().lifted_by == "system"


def test_nothing_of_a_run_is_sent_before_it_is_complete(market: Market, alice: Creator) -> None:
    payout = run_of(market, alice, 80_00)
    PayoutRun.objects.update(completed_at=None)  # as while it is being made, and after it died
    assert taken(sql.now()) == []
    assert engine.begin(payout.pk, now=sql.now()) is None
    market.run()
    assert is_sent(payout)


def test_a_run_that_dies_when_it_is_made_again_sends_nothing_new(
    market: Market, alice: Creator, settings: Settings
) -> None:
    paid_before(100_00, 100_00, 100_00)
    run_of(market, alice, 80_00)
    settings.RUN_SIZE_FACTOR = "five"  # it dies when it would judge the run
    with pytest.raises(TypeError):
        run_of(market, market.creator("bob"), 80_00)
    assert Payout.objects.filter(creator__external_id="bob").exists()
    assert taken(sql.now()) == []


def test_an_unfinished_run_that_a_later_one_supersedes_is_judged(market: Market, alice: Creator) -> None:
    paid_before(100_00, 100_00, 100_00)
    payout = run_of(market, alice, 800_00)
    SendingPause.objects.all().delete()
    PayoutRun.objects.filter(cutoff=CUTOFF).update(completed_at=None)
    runs.supersede(PayoutRun.objects.get(cutoff=CUTOFF), now=sql.now())
    assert SendingPause.objects.get().run_id == payout.run_id
    assert not is_sent(payout)


def test_a_preview_says_that_the_run_would_wait_and_pauses_nothing(market: Market, alice: Creator) -> None:
    paid_before(100_00, 100_00, 100_00)
    market.sell(alice, 1_000_00)
    assert runs.preview_run(cutoff=CUTOFF, now=sql.now()).held == {
        "USD": f"the September 2025 run pays $800.00, and {SEEN}"
    }
    assert not SendingPause.objects.exists()
