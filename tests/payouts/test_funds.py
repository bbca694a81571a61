"""Too little money at Stripe: a pause that says how much is missing, and ends by itself, in order."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, HoldSource
from accounts.services.holds import place_hold
from database import sql
from database.staff import Act
from payouts import policy
from payouts.models import PauseCause, Payout, PayoutAttempt, SendingPause
from payouts.services import sending
from payouts.services.deciding import funds
from payouts.states import AttemptStatus, PayoutStatus
from stripe_io import tasks as inbox_tasks
from tests.factories import CreatorPaymentAccountFactory, PayoutFactory
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


def open_pauses() -> list[SendingPause]:
    return list(SendingPause.objects.filter(lifted_at=None))


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
    assert statuses() == ["in_transit", "pending", "pending"]  # one first, to see whether Stripe sends again
    work(short + policy.WAIT_FOR_FUNDS)
    assert statuses() == ["in_transit"] * 3
    assert len(sandbox.transfers()) == 3


@pytest.mark.full
def test_available_funds_that_stripe_refuses_pause_once_and_wait_ever_longer(
    short: datetime, sandbox: Stripe
) -> None:
    sandbox.fund(MISSING)
    sandbox.inject(TOO_LITTLE)
    sent = []
    for minutes in range(0, 400, 5):
        before = requests(sandbox)
        work(short + timedelta(minutes=minutes))
        sent += [minutes] * (requests(sandbox) - before)
    assert sent == [0, 10, 30, 70, 150, 310]
    assert SendingPause.objects.count() == 1
    sandbox.clear_faults()
    for minutes in (700, 701):
        work(short + timedelta(minutes=minutes))
    assert statuses() == ["in_transit"] * 3
    assert open_pauses() == []


def test_a_refusal_is_not_forgotten_when_the_balance_is_compared(short: datetime, sandbox: Stripe) -> None:
    """Between a sweep's reading of the balance and its writing of the pause, a worker may be refused."""
    sandbox.fund(MISSING)
    funds.pause_after_refusal(Payout.objects.earliest("pk"), now=short)
    probe_at = open_pause().probe_at
    funds.update_pauses(now=short)
    assert (open_pause().probe_at, open_pause().covered_until) == (probe_at, None)


def test_payouts_refused_at_the_same_time_count_as_one_refusal(short: datetime) -> None:
    for payout in Payout.objects.all():
        funds.pause_after_refusal(payout, now=short)
    assert (open_pause().refusals, open_pause().probe_at) == (1, short + policy.WAIT_FOR_FUNDS)


def restrict(creator: Creator) -> None:
    CreatorPaymentAccount.objects.filter(creator=creator).update(account_status=AccountStatus.RESTRICTED)


def hold(creator: Creator) -> None:
    place_hold(creator, source=HoldSource.STAFF, act=Act("dana", "Fraud?"))


def be_unresolved(creator: Creator) -> None:
    PayoutFactory.create(creator=creator, status=PayoutStatus.UNRESOLVED, currency="EUR")


@pytest.mark.parametrize("block", [restrict, hold, be_unresolved])
def test_one_who_cannot_be_paid_stops_nobody_when_funds_are_short(
    market: Market, creators: list[Creator], sandbox: Stripe, block: Callable[[Creator], None]
) -> None:
    for creator, net in zip(creators[:2], [12_000_000_00, 80_00], strict=True):
        market.onboard(creator)
        market.sell(creator, net * 10 // 8)
        market.run()
    block(creators[0])
    now = sql.now()
    funds.update_pauses(now=now)
    assert open_pauses() == []
    assert set(Payout.objects.filter(creator=creators[1]).values_list("pk", flat=True)) <= set(taken(now))


def test_a_payout_larger_than_the_balance_stops_the_others_for_some_days_only(
    market: Market, creators: list[Creator], sandbox: Stripe, settings: Settings
) -> None:
    for creator, net in zip(creators, [12_000_000_00, 9_999_950_00, 80_00], strict=True):
        market.onboard(creator)
        market.sell(creator, net * 10 // 8)
        market.run()
    start, limit = sql.now(), timedelta(days=settings.LARGE_PAYOUT_WAIT_DAYS)
    work(start + limit - timedelta(minutes=1))
    assert statuses() == ["pending"] * 3
    work(start + limit)
    assert statuses() == ["pending", "in_transit", "pending"]  # the third isn't covered, and may still be
    pause = open_pause()
    assert pause.missing == 12_000_080_00 - 50_00
    work(start + limit + timedelta(minutes=1))
    assert "payouts larger than all that is available wait, and others go first: 2" in open_pause().detail
    sandbox.fund(100_00)
    work(start + limit + timedelta(minutes=2))
    assert statuses() == ["pending", "in_transit", "in_transit"]
    assert len(sandbox.transfers()) == 2
    assert unsound() == {}


def test_an_event_of_available_funds_is_acted_on_at_once(short: datetime, sandbox: Stripe) -> None:
    sandbox.deliver_webhooks()
    inbox_tasks.sweep_inbox()
    sandbox.inject({**TOO_LITTLE, "count": 1})
    work(short)
    sandbox.fund(MISSING)
    sandbox.deliver_webhooks()
    inbox_tasks.sweep_inbox()
    for _ in range(2):
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
    assert "balance are unknown, so nothing new is sent" in caplog.text
    assert requests(sandbox) == 0
    work(short + timedelta(minutes=1))
    assert statuses() == ["in_transit"] * 3


def test_a_shortage_in_one_currency_stops_no_other(sandbox: Stripe) -> None:
    now = sql.now()
    account = CreatorPaymentAccountFactory.create()
    euros = PayoutFactory.create(creator=account.creator, currency="EUR", next_retry_at=now)
    dollars = PayoutFactory.create(creator=account.creator, currency="USD", next_retry_at=now)
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
        account = CreatorPaymentAccountFactory.create()
        PayoutFactory.create(
            creator=account.creator,
            gross_amount=amount,
            platform_fee=0,
            currency=currency,
            next_retry_at=sql.now(),
        )
    funds.update_pauses(now=sql.now())
    assert set(SendingPause.objects.filter(lifted_at=None).values_list("currency", flat=True)) == {
        "USD",
        "EUR",
    }
