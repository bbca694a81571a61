"""Returned payouts: sent to the bank again once possible, or taken back and paid later."""

from datetime import timedelta

import pytest

from accounts.models import CreatorPaymentAccount, Hold, HoldSource
from database import sql
from database.staff import Act
from earnings.models import CreatorEarning
from payouts import policy
from payouts.errors import NotReversible
from payouts.gateway import BankPayout
from payouts.models import Difference, Payout, PayoutAttempt
from payouts.services.staff import interventions
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import Market, unsound
from tests.payouts.sending import Sender, attend_returned, recorded, send_bank_payout, send_transfer

pytestmark = pytest.mark.django_db
REVERSE = {"method": "POST", "path": "/v1/transfers/.*/reversals"}


class Bank(Sender):
    """A returned payout, and a clock for attending to it."""

    def __init__(self, payout: Payout, sandbox: Stripe) -> None:
        super().__init__(payout)
        self._sandbox = sandbox
        send_transfer(self._pk, now=self.now)
        send_bank_payout(self._pk, now=sql.now())
        self.account = self.attempts[0].destination

    def come_back(self) -> Payout:
        """Have the bank return the latest bank payout, and handle the event."""
        self._sandbox.control(f"payouts/{self.payout.stripe_payout_id}/fail", failure_code="account_closed")
        self.confirm()
        return self.payout

    def confirm(self) -> None:
        """Look the bank payout up at Stripe."""
        Payout.objects.filter(pk=self._pk).update(next_retry_at=self.now)
        send_bank_payout(self._pk, now=self.now)

    def mend(self) -> None:
        self._sandbox.control(f"accounts/{self.account}/bank_account/edit", last4="4321")

    def attend(self, *, after: timedelta = timedelta()) -> Payout:
        self.now = max(self.now + after, self.payout.next_retry_at or self.now)
        attend_returned(self._pk, now=self.now)
        return self.payout

    def attempts_of(self, kind: AttemptKind) -> list[str]:
        return [attempt.status for attempt in self.attempts if attempt.kind == kind]


@pytest.fixture
def bank(payout: Payout, sandbox: Stripe) -> Bank:
    bank = Bank(payout, sandbox)
    bank.come_back()
    return bank


def test_it_stays_returned_until_the_bank_account_is_fixed(bank: Bank) -> None:
    for _ in range(3):
        assert bank.attend().status == PayoutStatus.RETURNED
    assert bank.attempts_of(AttemptKind.BANK_PAYOUT) == [AttemptStatus.RETURNED]


def test_it_is_sent_again_once_the_bank_account_is_fixed(bank: Bank, sandbox: Stripe) -> None:
    bank.mend()
    again = bank.attend()
    assert (again.status, again.failure_code) == (PayoutStatus.IN_TRANSIT, "")
    first, second = sandbox.state()["payouts"]
    assert (first["id"] != second["id"], second["amount"]) == (True, 80_00)
    assert bank.attempts_of(AttemptKind.BANK_PAYOUT) == [AttemptStatus.RETURNED, AttemptStatus.SUCCEEDED]
    bank.confirm()
    assert bank.payout.status == PayoutStatus.PAID
    assert len(sandbox.transfers()) == 1
    assert unsound() == {}


def test_an_event_of_the_first_bank_payout_does_not_change_the_second(bank: Bank, sandbox: Stripe) -> None:
    bank.mend()
    bank.attend()
    first = sandbox.state()["payouts"][0]
    told = BankPayout.of(first, account=bank.payout.attempts.earliest("created_at").destination)
    assert not recorded(told, now=bank.now)
    assert bank.payout.status == PayoutStatus.IN_TRANSIT


def test_nothing_is_sent_again_to_a_creator_on_hold(bank: Bank) -> None:
    Hold.objects.create(creator=bank.payout.creator, source=HoldSource.STAFF, reason="?", placed_by="dana")
    bank.mend()
    assert bank.attend().status == PayoutStatus.RETURNED


def test_after_a_month_the_money_is_taken_back_and_the_rows_are_released(
    bank: Bank, market: Market, sandbox: Stripe
) -> None:
    assert bank.attend(after=timedelta(days=29, hours=23)).status == PayoutStatus.RETURNED
    reversed_one = bank.attend(after=timedelta(hours=2))
    assert reversed_one.status == PayoutStatus.REVERSED
    assert sandbox.transfers()[0]["amount_reversed"] == 80_00
    assert CreatorEarning.objects.get().payout is None
    assert unsound() == {}
    market.run()
    assert Payout.objects.exclude(pk=reversed_one.pk).get().net_amount == 80_00


def test_money_on_an_account_that_was_replaced_is_taken_back_at_once(
    bank: Bank, market: Market, sandbox: Stripe
) -> None:
    CreatorPaymentAccount.objects.update(replaced_at=bank.now)
    market.onboard(bank.payout.creator)
    bank.mend()
    assert bank.attend().status == PayoutStatus.REVERSED
    assert len(sandbox.state()["payouts"]) == 1


@pytest.mark.parametrize("fault", ["drop_response_after_work", "connection_reset"])
def test_a_reversal_whose_answer_is_lost_happens_once(bank: Bank, sandbox: Stripe, fault: str) -> None:
    sandbox.inject({**REVERSE, "kind": fault, "count": 1})
    assert bank.attend(after=policy.REVERSE_RETURNED_AFTER).status == PayoutStatus.RETURNED
    assert bank.attend().status == PayoutStatus.REVERSED
    assert bank.attempts_of(AttemptKind.REVERSAL) == [AttemptStatus.SUCCEEDED]
    assert unsound() == {}


def test_a_reversal_too_old_to_be_sent_again_is_looked_up(bank: Bank, sandbox: Stripe) -> None:
    sandbox.inject({**REVERSE, "kind": "drop_response_after_work", "count": 1})
    bank.attend(after=policy.REVERSE_RETURNED_AFTER)
    assert bank.attend(after=timedelta(hours=25)).status == PayoutStatus.REVERSED
    assert sandbox.state()["requests"]["POST /v1/transfers/{id}/reversals"] == 1
    assert unsound() == {}


def test_a_reversal_that_never_arrived_is_proved_absent_and_made_again(bank: Bank, sandbox: Stripe) -> None:
    sandbox.inject({**REVERSE, "kind": "connection_reset", "count": 1})
    bank.attend(after=policy.REVERSE_RETURNED_AFTER)
    bank.attend(after=timedelta(hours=25))
    assert bank.attempts_of(AttemptKind.REVERSAL) == [AttemptStatus.ABSENT]
    bank.attend(after=policy.REVERSE_AGAIN_AFTER)
    assert bank.payout.status == PayoutStatus.REVERSED
    assert unsound() == {}


def test_a_refused_reversal_opens_a_difference_and_is_tried_again_much_later(
    bank: Bank, sandbox: Stripe
) -> None:
    sandbox.control(f"accounts/{bank.account}/adjust", amount=-80_00, currency="usd")
    assert bank.attend(after=policy.REVERSE_RETURNED_AFTER).status == PayoutStatus.RETURNED
    difference = Difference.objects.get()
    assert (difference.kind, difference.amount, difference.account) == (
        "reversal_refused",
        80_00,
        bank.account,
    )
    bank.attend()
    assert bank.attempts_of(AttemptKind.REVERSAL) == [AttemptStatus.REFUSED]
    sandbox.control(f"accounts/{bank.account}/adjust", amount=80_00, currency="usd")
    assert bank.attend(after=policy.REVERSE_AGAIN_AFTER).status == PayoutStatus.REVERSED
    assert Difference.objects.get().resolved_at is not None
    assert unsound() == {}


def test_the_difference_of_a_refused_reversal_closes_once_the_money_is_at_the_bank(
    bank: Bank, sandbox: Stripe
) -> None:
    sandbox.control(f"accounts/{bank.account}/adjust", amount=-80_00, currency="usd")
    bank.attend(after=policy.REVERSE_RETURNED_AFTER)
    assert Difference.objects.get().resolved_at is None
    sandbox.control(f"accounts/{bank.account}/adjust", amount=80_00, currency="usd")
    bank.mend()
    assert bank.attend().status == PayoutStatus.IN_TRANSIT
    assert Difference.objects.get().resolved_at is None
    bank.confirm()
    assert bank.payout.status == PayoutStatus.PAID
    difference = Difference.objects.get()
    assert difference.resolved_at is not None
    assert bank.payout.stripe_payout_id in difference.resolution
    assert unsound() == {}


def test_money_kept_by_an_account_that_left_us_opens_a_difference(bank: Bank, sandbox: Stripe) -> None:
    sandbox.inject(
        {
            "method": "POST",
            "path": "/v1/transfers/.*/reversals",
            "kind": "status",
            "count": 1,
            "status": 403,
            "type": "invalid_request_error",
            "code": "account_invalid",
        }
    )
    assert bank.attend(after=policy.REVERSE_RETURNED_AFTER).status == PayoutStatus.RETURNED
    difference = Difference.objects.get()
    assert (difference.kind, difference.amount) == ("reversal_refused", 80_00)
    assert bank.attend(after=policy.REVERSE_AGAIN_AFTER).status == PayoutStatus.REVERSED
    assert Difference.objects.get().resolved_at is not None
    assert unsound() == {}


def test_money_on_an_account_that_left_us_is_taken_back(payout: Payout, sandbox: Stripe) -> None:
    """Stripe may still allow it; what can't be taken back opens a difference."""
    send_transfer(payout.pk, now=sql.now())
    sandbox.control(f"accounts/{payout.attempts.get().destination}/deauthorize")
    send_bank_payout(payout.pk, now=sql.now())
    lost = Payout.objects.get()
    assert (lost.status, lost.failure_code) == (PayoutStatus.RETURNED, "account_gone")
    attend_returned(payout.pk, now=sql.now())
    assert PayoutAttempt.objects.filter(kind=AttemptKind.REVERSAL).count() == 1
    assert unsound() == {}


@pytest.mark.parametrize("code", ["amount_too_large", "amount_too_small"])
def test_an_amount_that_no_bank_accepts_goes_into_a_later_payout(
    payout: Payout, sandbox: Stripe, code: str
) -> None:
    refusal = {"method": "POST", "path": "/v1/payouts", "kind": "status", "status": 400, "code": code}
    sandbox.inject({**refusal, "count": 1})
    bank = Bank(payout, sandbox)
    assert bank.payout.status == PayoutStatus.RETURNED
    assert bank.attend().status == PayoutStatus.REVERSED
    assert unsound() == {}


def test_staff_can_reverse_money_on_the_connected_account(bank: Bank) -> None:
    reversed_one = interventions.reverse_payout(
        bank.payout.pk, act=Act("dana", "The bank is closed"), now=bank.now
    )
    assert reversed_one.status == PayoutStatus.REVERSED
    event = reversed_one.events.latest("pk")
    assert (event.actor, "The bank is closed" in event.reason) == ("dana", True)
    assert unsound() == {}


def test_staff_cannot_reverse_money_that_went_to_the_bank(payout: Payout, sandbox: Stripe) -> None:
    bank = Bank(payout, sandbox)
    with pytest.raises(NotReversible):
        interventions.reverse_payout(payout.pk, act=Act("dana", "?"), now=bank.now)
    bank.confirm()
    with pytest.raises(NotReversible):
        interventions.reverse_payout(payout.pk, act=Act("dana", "?"), now=bank.now)
    assert bank.payout.status == PayoutStatus.PAID


def test_two_requests_for_a_reversal_make_one(bank: Bank, sandbox: Stripe) -> None:
    sandbox.inject({**REVERSE, "kind": "connection_reset", "count": 1})
    interventions.reverse_payout(bank.payout.pk, act=Act("dana", "?"), now=bank.now)
    with pytest.raises(NotReversible):
        interventions.reverse_payout(bank.payout.pk, act=Act("erin", "?"), now=bank.now)
    assert bank.attend().status == PayoutStatus.REVERSED
    assert sandbox.transfers()[0]["amount_reversed"] == 80_00


def test_a_reversal_in_the_dashboard_besides_ours_releases_the_rows_once(bank: Bank, sandbox: Stripe) -> None:
    sandbox.inject({**REVERSE, "kind": "connection_reset", "count": 1})
    interventions.reverse_payout(bank.payout.pk, act=Act("dana", "?"), now=bank.now)
    sandbox.control(f"transfers/{bank.payout.stripe_transfer_id}/reverse")
    bank.attend()
    assert bank.attend(after=timedelta(hours=25)).status == PayoutStatus.REVERSED
    assert sandbox.transfers()[0]["amount_reversed"] == 80_00
    assert unsound() == {}
