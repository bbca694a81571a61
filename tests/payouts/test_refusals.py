"""Stripe refuses many creators alike: new payouts stop until staff resume. Those that failed can be retried."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.groups import StaffGroup
from database import sql
from database.staff import Act
from payouts.models import PauseCause, Payout, PayoutAttempt, SendingPause
from payouts.services.deciding import pauses, refusals
from payouts.services.deciding.refusals import pause_after_refusals
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from tests.factories import PayoutFactory, PayoutRunFactory, user_in
from tests.local_stripe import Stripe
from tests.payouts.market import Market
from tests.payouts.sending import SEND, taken, work

pytestmark = pytest.mark.django_db
NOT_ALLOWED = "transfers_not_allowed"


class Answers:
    """What Stripe answers to one transfer after the other, each of another creator, a second apart."""

    def __init__(self, *, run_of: int = 1_000) -> None:
        self.now = sql.now()
        self.run = PayoutRunFactory.create()
        PayoutFactory.create_batch(run_of, run=self.run, status=PayoutStatus.PAID)

    def refuse(
        self, times: int = 1, *, code: str = NOT_ALLOWED, message: str = "Contact us", **facts: Any
    ) -> None:
        for _ in range(times):
            failed = {"first_failed_at": self._next(), "failure_code": code, "failure_message": message}
            payout = PayoutFactory.create(status=PayoutStatus.FAILED, **{"run": self.run, **failed, **facts})
            self._answered(payout, AttemptStatus.REFUSED)
            pause_after_refusals(payout, now=self.now)

    def short(self, payout: Payout) -> None:
        self._next()
        self._answered(payout, AttemptStatus.REFUSED, error_code="balance_insufficient")

    def succeed(self) -> None:
        self._next()
        self._answered(PayoutFactory.create(status=PayoutStatus.PAID), AttemptStatus.SUCCEEDED)

    def _next(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def _answered(self, payout: Payout, status: AttemptStatus, **facts: Any) -> None:
        PayoutAttempt.objects.create(
            payout=payout,
            kind=AttemptKind.TRANSFER,
            status=status,
            idempotency_key=f"{payout.pk}:{self.now}",
            destination="acct_1",
            amount=payout.net_amount,
            currency=payout.currency,
            ended_at=self.now,
            **facts,
        )


@pytest.fixture
def answers(db: None) -> Answers:
    return Answers(run_of=100)


def is_paused() -> bool:
    return SendingPause.objects.filter(lifted_at=None).exists()


def test_the_same_refusal_for_ten_creators_in_a_row_pauses_sending(answers: Answers) -> None:
    answers.refuse(9)
    assert not is_paused()
    answers.refuse()
    pause = SendingPause.objects.get()
    assert (pause.cause, pause.currency, pause.refusal) == (PauseCause.REFUSALS, "", NOT_ALLOWED)
    assert pause.detail == "Stripe refused 10 creators in a row: Contact us"


def test_a_success_in_between_resets_the_row(answers: Answers) -> None:
    answers.refuse(9)
    answers.succeed()
    answers.refuse(9)
    assert not is_paused()


def test_the_row_is_in_the_order_of_the_answers(answers: Answers) -> None:
    """A transfer that was sent first may be answered last."""
    answers.refuse(5)
    slow = PayoutAttempt.objects.earliest("pk")
    answers.refuse(4)
    PayoutAttempt.objects.filter(pk=slow.pk).update(
        status=AttemptStatus.SUCCEEDED, ended_at=answers.now, stripe_id="tr_1"
    )
    answers.refuse(2)
    assert not is_paused()


def test_another_refusal_in_between_resets_the_row(answers: Answers) -> None:
    answers.refuse(9)
    answers.refuse(code="insufficient_capabilities_for_transfer")
    answers.refuse(9)
    assert not is_paused()


def test_one_creator_who_is_refused_again_and_again_pauses_nothing(answers: Answers) -> None:
    alice = PayoutFactory.create(status=PayoutStatus.PAID).creator
    answers.refuse(20, creator=alice)
    assert not is_paused()


def test_sentences_without_a_code_are_alike_if_they_differ_only_in_ids(answers: Answers) -> None:
    for number in range(10):
        answers.refuse(code="refused", message=f"Cannot pay acct_1N{number}Q: {number} fields are needed.")
    assert SendingPause.objects.get().refusal == "Cannot pay :  fields are needed."


def test_other_sentences_without_a_code_are_other_refusals(answers: Answers) -> None:
    for number in range(10):
        answers.refuse(code="refused", message=f"Account {'x' * number} can't be paid.")
    assert not is_paused()


def test_a_lack_of_funds_neither_counts_nor_resets_the_row(answers: Answers) -> None:
    for _ in range(10):
        answers.short(PayoutFactory.create())
    assert not is_paused()
    answers.refuse(5)
    answers.short(PayoutFactory.create())
    answers.refuse(5)
    assert is_paused()


def test_retries_by_the_service_itself_count_neither_way(answers: Answers) -> None:
    answers.refuse(20, retry_number=1)
    assert not is_paused()


def test_a_fifth_of_a_run_refused_alike_pauses_though_others_succeed(answers: Answers) -> None:
    refused = 0
    while not is_paused():
        answers.succeed()
        answers.refuse()
        refused += 1
    assert refused == 34  # of 34 + 34 + 100
    assert f"34 payouts of the {answers.run}:" in SendingPause.objects.get().detail


def test_a_fifth_of_a_small_run_is_ten_at_least() -> None:
    answers = Answers(run_of=10)
    for _ in range(9):
        answers.succeed()
        answers.refuse()
    assert not is_paused()
    answers.succeed()
    answers.refuse()
    assert is_paused()


def test_a_fifth_counts_each_refusal_for_itself(answers: Answers) -> None:
    for _ in range(20):
        answers.succeed()
        answers.refuse()
        answers.refuse(code="insufficient_capabilities_for_transfer")
    assert not is_paused()


def test_refusals_before_staff_resumed_do_not_count_again(answers: Answers) -> None:
    answers.refuse(10)
    pauses.resume_sending(act=Act("dana", "Stripe answered"), now=answers.now)
    answers.refuse(9)
    assert not is_paused()
    answers.refuse()
    assert is_paused()


def test_bank_payouts_and_look_ups_go_on_after_refusals(answers: Answers) -> None:
    answers.refuse(10)
    going_on = [
        PayoutFactory.create(status=status, next_retry_at=answers.now).pk
        for status in (
            PayoutStatus.PENDING,
            PayoutStatus.UNRESOLVED,
            PayoutStatus.IN_TRANSIT,
            PayoutStatus.RETURNED,
        )
    ]
    assert taken(answers.now) == going_on[1:]


def test_what_was_refused_alike_is_retried_by_finance_and_sent_once_an_approver_resumes(
    market: Market, sandbox: Stripe
) -> None:
    user_in(StaffGroup.FINANCE, username="dana")
    user_in(StaffGroup.APPROVER, username="erin")
    creators = market.creators([f"creator-{number:02}" for number in range(12)], account=None)
    for creator in creators:
        market.onboard(creator)
    market.sell_all(creators, 100_00)
    market.run()
    sandbox.inject({**SEND, "kind": "abort_work", "status": 400, "code": NOT_ALLOWED})
    work(sql.now())
    sandbox.clear_faults()
    failed = Payout.objects.filter(status=PayoutStatus.FAILED)
    assert failed.count() == 10
    other = failed.latest("pk")
    Payout.objects.filter(pk=other.pk).update(failure_code="amount_too_large")
    out = StringIO()
    call_command("sending", "retry-refused", "--reason", "Allowed", "--actor", "dana", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"retried": 9, "not_retried": {}}
    work(sql.now())
    assert not Payout.objects.filter(status=PayoutStatus.IN_TRANSIT).exists()
    call_command("sending", "resume", "--reason", "Allowed", "--actor", "erin")
    work(sql.now())
    assert Payout.objects.filter(status=PayoutStatus.IN_TRANSIT).count() == 9 + 2
    assert list(failed.filter(retried_as=None)) == [other]


@pytest.mark.usefixtures("dana_and_erin")
def test_there_is_nothing_to_retry_unless_stripe_refused_many_alike(answers: Answers) -> None:
    answers.refuse(9)
    with pytest.raises(CommandError, match="No payout that Stripe refused alike is left"):
        call_command("sending", "retry-refused", "--reason", "Allowed", "--actor", "dana")


def test_what_was_refused_before_an_earlier_resumption_is_not_offered_again(answers: Answers) -> None:
    answers.refuse(10)
    pauses.resume_sending(act=Act("dana", "These wait for their run"), now=answers.now)
    answers.refuse(10)
    pause = SendingPause.objects.get(lifted_at=None)
    assert refusals.refused_alike(pause) == list(
        Payout.objects.filter(status=PayoutStatus.FAILED).order_by("pk")[10:]
    )
    (first,) = SendingPause.objects.exclude(lifted_at=None)
    assert refusals.refused_alike(first) == list(
        Payout.objects.filter(status=PayoutStatus.FAILED).order_by("pk")[:10]
    )
