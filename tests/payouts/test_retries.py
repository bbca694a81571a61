"""A payout that failed for a cause that can pass is decided again by itself, 1, 2, 4 and 8 days later."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from accounts.models import Hold, HoldSource
from accounts.services.holds import place_hold
from database import sql
from database.staff import Act
from payouts import policy, selectors, tasks
from payouts.models import Payout, PayoutEvent, RunDecision
from payouts.services.deciding import pauses, retries
from payouts.services.staff import interventions
from payouts.states import DecisionReason, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import NEXT_CUTOFF, Market, unsound
from tests.payouts.sending import SEND, work

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_run_is_near(settings: Settings) -> None:
    """Have the next run fall due in almost a month, whatever the date is."""
    settings.PAYOUT_DAY = min((sql.now() - DAY).day, 28)


class Days:
    """A payout that Stripe refused, and the days after that."""

    def __init__(self, payout: Payout, sandbox: Stripe, *, code: str = "transfers_not_allowed") -> None:
        self._sandbox = sandbox
        self._failed_at = sql.now()
        sandbox.inject({**SEND, "kind": "abort_work", "status": 400, "code": code})
        work(self._failed_at)
        self.first = Payout.objects.get(pk=payout.pk)
        assert self.first.status == PayoutStatus.FAILED

    def at(self, day: int) -> datetime:
        return self._failed_at + day * DAY + timedelta(minutes=1)

    def retried_on(self, *days: int) -> list[int]:
        """Let these days pass, each with its sending; return those on which a retry was made."""
        retried = []
        for day in days:
            if retries.retry_due(now=self.at(day)):
                retried.append(day)
                work(self.at(day))
        return retried

    @property
    def last(self) -> Payout:
        return Payout.objects.latest("pk")


@pytest.fixture
def refused(payout: Payout, sandbox: Stripe) -> Days:
    return Days(payout, sandbox)


def test_the_days_are_counted_from_the_first_failure() -> None:
    days = [0, 0.5, 1, 3, 4, 7.9]
    assert [policy.retry_at("refused", first_failed_at=NOW, now=NOW + day * DAY) for day in days] == [
        NOW + day * DAY for day in (1, 1, 2, 4, 8, 8)
    ]
    assert policy.retry_at("refused", first_failed_at=NOW, now=NOW + 8 * DAY) is None


@pytest.mark.parametrize(
    "code", ["amount_too_large", "resource_missing", "account_gone", "never_heard_of", "amount_too_small"]
)
def test_a_cause_that_stays_is_not_retried(code: str) -> None:
    assert policy.retry_at(code, first_failed_at=NOW, now=NOW) is None


def test_a_refused_payout_is_retried_after_1_2_4_and_8_days(refused: Days) -> None:
    assert refused.retried_on(*range(20)) == [1, 2, 4, 8]
    chain = list(Payout.objects.order_by("pk"))
    assert [payout.retry_number for payout in chain] == [0, 1, 2, 3, 4]
    assert [payout.retry_of for payout in chain] == [None, *chain[:-1]]
    assert {payout.status for payout in chain} == {PayoutStatus.FAILED}
    assert {payout.next_retry_at for payout in chain} == {None}
    assert unsound() == {}


def test_once_the_cause_has_passed_the_retry_is_paid(refused: Days, sandbox: Stripe) -> None:
    assert refused.retried_on(1) == [1]
    sandbox.clear_faults()
    assert refused.retried_on(*range(2, 20)) == [2]
    assert refused.last.status == PayoutStatus.IN_TRANSIT
    assert PayoutEvent.objects.get(payout=refused.last, from_status="").reason.startswith("retry 2 of payout")
    assert len(sandbox.transfers()) == 1
    assert unsound() == {}


def test_stripe_is_asked_for_the_account_and_a_day_without_it_is_skipped(
    refused: Days, sandbox: Stripe
) -> None:
    account = refused.first.attempts.get().destination
    sandbox.clear_faults()
    sandbox.control(f"accounts/{account}/restrict")  # its event is late
    assert refused.retried_on(1) == []
    assert Payout.objects.count() == 1
    assert RunDecision.objects.get().reason == DecisionReason.PAID
    sandbox.control(f"accounts/{account}/enable")
    assert refused.retried_on(*range(1, 20)) == [2]


def test_a_day_on_which_the_creator_is_held_is_skipped(refused: Days) -> None:
    place_hold(refused.first.creator, source=HoldSource.STAFF, act=Act("dana", "Fraud?"))
    assert refused.retried_on(1, 2) == []
    Hold.objects.update(lifted_at=sql.now())
    assert refused.retried_on(*range(3, 20)) == [4, 8]


def test_while_stripe_is_down_no_day_is_skipped(refused: Days, sandbox: Stripe) -> None:
    sandbox.inject({"kind": "status", "status": 500})
    assert refused.retried_on(1) == []
    sandbox.clear_faults()
    assert retries.retry_due(now=refused.at(1) + timedelta(hours=1)) == 1


def test_nothing_is_retried_while_all_sending_is_paused(refused: Days) -> None:
    pauses.pause_sending(act=Act("dana", "Wait"), now=sql.now())
    assert refused.retried_on(1) == []
    pauses.resume_sending(act=Act("dana", "Go"), now=sql.now())
    assert refused.retried_on(1) == [1]


def test_in_the_two_days_before_a_run_nothing_is_retried(refused: Days) -> None:
    near = selectors.due_at(selectors.next_cutoff(now=sql.now())) - 2 * DAY
    Payout.objects.update(next_retry_at=near - DAY, first_failed_at=near - DAY)
    assert retries.retry_due(now=near + timedelta(hours=1)) == 0
    refused.first.refresh_from_db()
    assert refused.first.next_retry_at == near + DAY  # the second day
    Payout.objects.update(next_retry_at=near - DAY)
    assert retries.retry_due(now=near - timedelta(hours=1)) == 1


def test_a_run_cancels_a_retry_that_still_waits_and_pays_its_earnings(
    refused: Days, market: Market, sandbox: Stripe
) -> None:
    assert retries.retry_due(now=refused.at(1)) == 1
    waiting = refused.last
    market.sell(waiting.creator, 50_00, at="2025-10-10T12:00:00Z")
    market.run(NEXT_CUTOFF)
    waiting.refresh_from_db()
    assert waiting.status == PayoutStatus.CANCELLED
    assert (refused.last.net_amount, refused.last.retry_of) == (120_00, None)
    assert unsound() == {}


def test_a_run_leaves_a_retry_of_staff_alone(refused: Days, market: Market) -> None:
    by_staff = interventions.retry_payout(refused.first.pk, act=Act("dana", "Now"), now=sql.now())
    market.run(NEXT_CUTOFF)
    by_staff.refresh_from_db()
    assert by_staff.status == PayoutStatus.PENDING


def test_what_staff_retried_is_not_retried_again(refused: Days) -> None:
    interventions.retry_payout(refused.first.pk, act=Act("dana", "Now"), now=sql.now())
    assert refused.retried_on(*range(1, 20)) == []


def test_earnings_that_a_run_paid_meanwhile_are_not_retried(refused: Days, market: Market) -> None:
    market.run(NEXT_CUTOFF)
    assert refused.retried_on(*range(1, 20)) == []
    assert unsound() == {}


def test_of_the_retries_only_the_last_counts_as_a_setback(refused: Days, market: Market) -> None:
    assert refused.retried_on(*range(8)) == [1, 2, 4]
    assert not Hold.objects.exists()
    assert refused.retried_on(8) == [8]
    assert not Hold.objects.exists()  # the second setback of three
    market.run(NEXT_CUTOFF)
    work(refused.at(9))
    assert Hold.objects.get().until_paid_elsewhere


def test_one_that_cannot_be_retried_stops_no_other(
    refused: Days, market: Market, sandbox: Stripe, caplog: pytest.LogCaptureFixture
) -> None:
    bob = market.creator("bob", account=None)
    market.onboard(bob)
    market.payout(bob)
    work(sql.now())
    Payout.objects.filter(pk=refused.first.pk).update(retry_number=32_767)  # no column for one more
    retries.retry_due(now=refused.at(1) + timedelta(minutes=5))
    assert Payout.objects.filter(creator=bob, retry_number=1).exists()
    assert "can't be retried" in caplog.text


def test_the_task_retries_what_is_due(refused: Days) -> None:
    Payout.objects.update(next_retry_at=sql.now())
    tasks.retry_failed()
    assert Payout.objects.count() == 2
