"""What is asked before a bank payout under a new key, and what the answer decides; most cases without a database."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from database import sql
from payouts import policy
from payouts.gateway import Arrival, BankPayout
from payouts.models import Payout
from payouts.services.sending import earlier_bank_payouts
from payouts.services.sending.bank_payouts import ArrivalQuestion, BankPayoutQuestion
from payouts.services.sending.decision import NOTHING
from payouts.services.sending.earlier_bank_payouts import Earlier, EarlierBankPayouts
from payouts.services.sending.effects import WriteAttempt
from payouts.services.sending.history import Circumstances
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.legs import (
    FAILURE,
    NOW,
    PAYABLE,
    REFERENCE,
    attempt,
    bank_payout,
    due,
    history_of,
    identity,
    on_account,
    payout,
)
from tests.payouts.sending import send_bank_payout

DAY = timedelta(days=1)
KIND = AttemptKind.BANK_PAYOUT
ARRIVAL = ArrivalQuestion("py_1", "acct_1")
QUESTION = EarlierBankPayouts(account="acct_1", since=NOW, reference=REFERENCE, arrival=ARRIVAL)
ARRIVED = Arrival(amount=80_00, currency="USD", available_on=NOW)


@pytest.mark.parametrize(
    ("facts", "circumstances", "asked"),
    [
        ({}, PAYABLE, ArrivalQuestion),
        ({"first_sent_at": NOW - timedelta(hours=23)}, PAYABLE, ArrivalQuestion),
        ({"first_sent_at": NOW - timedelta(hours=24)}, PAYABLE, EarlierBankPayouts),
        ({"in_doubt": True}, PAYABLE, EarlierBankPayouts),
        ({}, replace(PAYABLE, foreign_bank_payout=True), EarlierBankPayouts),
    ],
)
def test_earlier_bank_payouts_are_looked_up_unless_stripe_still_knows_their_key(
    facts: dict[str, Any], circumstances: Circumstances, asked: type
) -> None:
    sent = attempt(AttemptKind.TRANSFER, AttemptStatus.SUCCEEDED, stripe_id="tr_1", **facts)
    columns = {"stripe_transfer_id": "tr_1", "destination_payment": "py_1"}
    history = history_of(payout(PayoutStatus.IN_TRANSIT, **columns), sent)
    assert isinstance(earlier_bank_payouts.prepare(history, circumstances, now=NOW).question, asked)


def test_a_bank_payout_in_progress_is_asked_for() -> None:
    history = on_account(PayoutStatus.IN_TRANSIT, stripe_payout_id="po_1")
    question = earlier_bank_payouts.prepare(history, PAYABLE, now=NOW).question
    assert question == BankPayoutQuestion("po_1", "acct_1")


def test_without_an_earlier_one_what_arrived_is_asked_for() -> None:
    history = on_account(PayoutStatus.IN_TRANSIT)
    assert QUESTION.decide(history, PAYABLE, Earlier([], None), now=NOW).question == ARRIVAL


def test_one_that_an_attempt_here_made_is_no_news() -> None:
    known = attempt(KIND, AttemptStatus.RETURNED, stripe_id="po_1")
    history = on_account(PayoutStatus.IN_TRANSIT, known)
    assert QUESTION.decide(history, PAYABLE, Earlier([bank_payout()], ARRIVED), now=NOW).question == ARRIVAL


def test_nothing_is_sent_before_stripe_answers() -> None:
    decision = QUESTION.decide(on_account(PayoutStatus.IN_TRANSIT), PAYABLE, FAILURE, now=NOW)
    assert (due(decision), decision.question) == (policy.WAIT_FOR_FUNDS, None)


def test_a_lost_bank_payout_becomes_the_payouts_own() -> None:
    first = lost(1, id="po_1", status="failed")
    last = lost(2, id="po_2", amount=79_00)
    history = on_account(PayoutStatus.IN_TRANSIT)
    decision = QUESTION.decide(history, PAYABLE, Earlier([first, last], ARRIVED), now=NOW)
    assert decision.new_attempt is None, "the engine would send it"
    assert (decision.changes["stripe_payout_id"], decision.changes["bank_amount"]) == ("po_2", 79_00)
    assert decision.changes["arrival_amount"] == 80_00
    written = [effect.attempt for effect in decision.effects if isinstance(effect, WriteAttempt)]
    assert [(each["idempotency_key"], each["status"], each["stripe_id"]) for each in written] == [
        (f"bank_payout:{REFERENCE}:1", "returned", "po_1"),
        (f"bank_payout:{REFERENCE}:2", "succeeded", "po_2"),
    ]


@pytest.mark.parametrize("status", [PayoutStatus.PAID, PayoutStatus.RETURNED])
def test_a_payout_that_has_moved_on_is_left_alone(status: PayoutStatus) -> None:
    decision = QUESTION.decide(on_account(status), PAYABLE, Earlier([bank_payout()], ARRIVED), now=NOW)
    assert decision == NOTHING


@pytest.mark.django_db
def test_a_restored_database_does_not_pay_the_bank_again(sent: Payout, sandbox: Stripe) -> None:
    """After a day, Stripe has forgotten the key. The account has money, of a later payout."""
    backup = transaction.savepoint()
    send_bank_payout(sent.pk, now=sql.now())
    transaction.savepoint_rollback(backup)
    sandbox.control("clock", advance=2 * 24 * 3600)
    sandbox.client.v1.transfers.create(
        {"amount": 80_00, "currency": "usd", "destination": sandbox.transfers()[0]["destination"]}
    )
    send_bank_payout(sent.pk, now=sql.now() + 2 * DAY)
    sent.refresh_from_db()
    (bank_payout,) = sandbox.state("payouts")["payouts"]
    assert sent.stripe_payout_id == bank_payout["id"]
    assert sent.bank_amount == sent.arrival_amount == 80_00


def lost(number: int, **facts: Any) -> BankPayout:
    return bank_payout(identity=identity(KIND, number=number), **facts)
