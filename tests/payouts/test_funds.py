"""Too little money at Stripe: a pause that says how much is missing, and ends by itself, in order."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import Creator
from database import sql
from payouts import policy
from payouts.models import PauseCause, Payout, PayoutAttempt, SendingPause
from payouts.services import sending
from payouts.services.deciding import funds
from payouts.states import AttemptStatus, PayoutStatus
from stripe_io import tasks as inbox_tasks
from tests.factories import PayoutFactory
from tests.local_stripe import Stripe
from tests.payouts.market import Market, unsound
from tests.payouts.sending import SEND, requests, send_transfer, taken, work

pytestmark = pytest.mark.django_db

# The sandbox starts with $10,000,000.00, and the creators get these, in this order.
NETS = [8_000_000_00, 4_000_000_00, 80_00]
MISSING = sum(NETS) - 10_000_000_00
TOO_LITTLE = {**SEND, "kind": "status", "status": 400, "code": "balance_insufficient"}
BALANCE = {"method": "GET", "path": "/v1/balance"}


@pytest.fixture
def creators(market: Market, sandbox: Stripe) -> list[Creator]:
    return market.creators(["alice", "bob", "charlie"], account=None)


@pytest.fixture
def short(market: Market, creators: list[Creator]) -> datetime:
    """Make waiting payouts that exceed the balance; return a time at which they are due."""
    for creator, net in zip(creators, NETS, strict=True):
        market.onboard(creator)
        market.sell(creator, net * 10 // 8)
        market.run()
    return sql.now()


def statuses() -> list[str]:
    return list(Payout.objects.order_by("pk").values_list("status", flat=True))


def open_pause() -> SendingPause:
    return SendingPause.objects.get(lifted_at=None)


def test_too_little_pauses_before_anything_is_refused_and_says_how_much_is_missing(
    short: datetime, sandbox: Stripe
) -> None:
    funds.update_pauses(now=short)
    pause = open_pause()
    assert (pause.cause, pause.currency) == (PauseCause.SHORT, "USD")
    assert (pause.needed, pause.available, pause.missing) == (sum(NETS), 10_000_000_00, MISSING)
    assert "$2,000,080.00 is missing" in pause.detail
    assert requests(sandbox) == 0


def test_money_that_transfers_can_not_draw_on_does_not_cover(
    market: Market, creators: list[Creator], sandbox: Stripe
) -> None:
    market.onboard(creators[0])
    market.sell(creators[0], 12_500_001_25)
    market.run()
    sandbox.control("fund", amount=5_000_000_00, currency="usd", source_type="bank_account")
    start = sql.now()
    for minutes in range(0, 60, 5):
        work(start + timedelta(minutes=minutes))
    pause = SendingPause.objects.get()
    assert (pause.available, pause.missing, pause.lifted_at) == (10_000_000_00, 1_00, None)
    assert "$5,000,000.00 of type bank_account can't be transferred" in pause.detail
    assert requests(sandbox) == 0
    sandbox.fund(1_00)
    work(start + timedelta(hours=1))
    assert statuses() == ["in_transit"]


def test_payouts_go_in_order_and_no_smaller_one_overtakes(short: datetime, sandbox: Stripe) -> None:
    for minutes in range(5):
        work(short + timedelta(minutes=minutes))
    assert statuses() == ["in_transit", "pending", "pending"]
    assert requests(sandbox) == 1
    pause = open_pause()
    assert (pause.needed, pause.available) == (4_000_080_00, 2_000_000_00)
    assert pause.covered_until is None
    assert unsound() == {}


def test_available_funds_are_paid_out_before_all_have_arrived(short: datetime, sandbox: Stripe) -> None:
    work(short)
    sandbox.fund(2_000_000_00)
    work(short + timedelta(minutes=1))
    assert statuses() == ["in_transit", "in_transit", "pending"]
    assert open_pause().missing == 80_00


def test_sending_resumes_by_itself_when_the_balance_is_enough(short: datetime, sandbox: Stripe) -> None:
    work(short)
    sandbox.fund(MISSING)
    work(short + timedelta(minutes=1))
    assert statuses() == ["in_transit"] * 3
    pause = SendingPause.objects.get()
    assert (pause.lifted_by, pause.lifted_at) == ("system", short + timedelta(minutes=1))
    assert len(sandbox.transfers()) == 3
    assert not PayoutAttempt.objects.filter(status=AttemptStatus.REFUSED).exists()
    assert unsound() == {}


def test_a_balance_that_is_just_enough_pauses_nothing(short: datetime, sandbox: Stripe) -> None:
    sandbox.fund(MISSING)
    work(short)
    assert statuses() == ["in_transit"] * 3
    assert not SendingPause.objects.exists()


def test_a_taken_payout_is_not_sent_while_it_is_not_covered(short: datetime, sandbox: Stripe) -> None:
    waiting = [sending.take_due(now=short) for _ in range(3)]
    funds.update_pauses(now=short)
    for each in waiting:
        assert each
        send_transfer(each, now=short)
    assert statuses() == ["in_transit", "pending", "pending"]


def test_a_refusal_for_lack_of_funds_pauses_and_is_no_failure(short: datetime, sandbox: Stripe) -> None:
    """By its balance Stripe has enough, but it refuses."""
    sandbox.fund(MISSING)
    sandbox.inject({**TOO_LITTLE, "count": 1})
    work(short)
    refused = Payout.objects.earliest("pk")
    assert (refused.status, refused.failure_code) == (PayoutStatus.PENDING, "balance_insufficient")
    assert refused.claimed_earnings.exists()
    (attempt,) = refused.attempts.all()
    assert attempt.status == AttemptStatus.REFUSED
    assert statuses() == ["pending"] * 3
    assert requests(sandbox) == 1
    assert unsound() == {}


def test_a_refused_payout_is_not_sent_again_at_once(short: datetime, sandbox: Stripe) -> None:
    sandbox.fund(MISSING)
    sandbox.inject({**TOO_LITTLE, "count": 1})
    work(short)
    work(short + policy.WAIT_FOR_FUNDS - timedelta(seconds=1))
    assert requests(sandbox) == 1
    work(short + policy.WAIT_FOR_FUNDS)
    assert statuses() == ["in_transit"] * 3
    assert len(sandbox.transfers()) == 3


def test_an_event_of_available_funds_is_acted_on_at_once(short: datetime, sandbox: Stripe) -> None:
    sandbox.deliver_webhooks()
    inbox_tasks.sweep_inbox()
    sandbox.inject({**TOO_LITTLE, "count": 1})
    work(short)
    sandbox.fund(MISSING)
    sandbox.deliver_webhooks()
    inbox_tasks.sweep_inbox()
    work(short + timedelta(minutes=1))
    assert statuses() == ["in_transit"] * 3


def test_attempts_in_doubt_and_bank_payouts_continue_meanwhile(short: datetime, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 1})
    work(short)
    assert statuses() == ["processing", "pending", "pending"]
    for minutes in range(1, 6):
        work(short + timedelta(minutes=minutes))
    first = Payout.objects.earliest("pk")
    assert first.status == PayoutStatus.IN_TRANSIT
    assert first.stripe_payout_id
    assert statuses() == ["in_transit", "pending", "pending"]
    assert len(sandbox.transfers()) == 1


def test_payouts_in_progress_are_reserved(short: datetime, sandbox: Stripe) -> None:
    """It may or may not have left the balance; the payouts behind it must not count on its money."""
    sandbox.inject({**SEND, "kind": "connection_reset", "count": 1})
    work(short)
    assert statuses() == ["processing", "pending", "pending"]
    sandbox.fund(2_000_000_00)
    funds.update_pauses(now=short + timedelta(minutes=1))
    assert open_pause().covered_until == Payout.objects.order_by("pk")[1].pk
    sandbox.fund(80_00)
    work(short + timedelta(minutes=2))
    assert set(statuses()) == {"in_transit"}


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "connection_reset"}])
def test_nothing_new_is_sent_while_the_balance_is_unknown(
    short: datetime, sandbox: Stripe, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fund(MISSING)
    sandbox.inject({**BALANCE, **fault, "count": 1})
    work(short)
    assert statuses() == ["pending"] * 3
    assert "the Stripe balance is unknown" in caplog.text
    assert requests(sandbox) == 0
    work(short + timedelta(minutes=1))
    assert statuses() == ["in_transit"] * 3


def test_a_shortage_in_one_currency_stops_no_other(sandbox: Stripe) -> None:
    now = sql.now()
    euros = PayoutFactory.create(currency="EUR", next_retry_at=now)
    dollars = PayoutFactory.create(currency="USD", next_retry_at=now)
    funds.update_pauses(now=now)
    assert open_pause().currency == "EUR"
    assert taken(now) == [dollars.pk]
    sandbox.fund(80_00, "eur")
    funds.update_pauses(now=now)
    assert taken(now) == [euros.pk]


def test_a_pause_ends_when_nothing_is_waiting(short: datetime, sandbox: Stripe) -> None:
    work(short)
    Payout.objects.filter(status=PayoutStatus.PENDING).update(status=PayoutStatus.ON_HOLD)
    funds.update_pauses(now=short)
    assert not SendingPause.objects.filter(lifted_at=None).exists()


def test_a_currency_whose_sum_overflows_does_not_stop_the_others(sandbox: Stripe, settings: Settings) -> None:
    for amount, currency in [(9 * 10**18, "USD"), (9 * 10**18, "USD"), (80_00, "EUR")]:
        PayoutFactory.create(gross_amount=amount, platform_fee=0, currency=currency, next_retry_at=sql.now())
    funds.update_pauses(now=sql.now())
    assert set(SendingPause.objects.filter(lifted_at=None).values_list("currency", flat=True)) == {
        "USD",
        "EUR",
    }
