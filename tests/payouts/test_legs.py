"""What the legs that send decide, each case a row: without a database, and without Stripe."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from payouts import policy
from payouts.gateway import Arrival, Reversal
from payouts.policy import Verdict
from payouts.services.moves import AttemptUpdate
from payouts.services.sending import bank_payouts, reversals, transfers
from payouts.services.sending.decision import NOTHING, Decision
from payouts.services.sending.effects import (
    PauseAfterRefusals,
    PauseForFunds,
    RecordForeignBankPayout,
    RecordUnexpectedTransfer,
    ReleaseEarnings,
)
from payouts.services.sending.history import Circumstances
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from tests.payouts.legs import (
    FAILURE,
    LOST,
    NOW,
    PAYABLE,
    REFERENCE,
    SENT,
    attempt,
    bank_payout,
    due,
    ends,
    history_of,
    identity,
    on_account,
    payout,
    targets,
    transfer,
)

REVERSED = Reversal(id="trr_1", amount=80_00)


@pytest.mark.parametrize(
    ("circumstances", "moves", "waits"),
    [
        (PAYABLE, ["processing"], None),
        (replace(PAYABLE, held=True), ["on_hold"], None),
        (replace(PAYABLE, another_is_unresolved=True), [], policy.WAIT_FOR_PERSON),
        (replace(PAYABLE, account_payable=False), [], policy.WAIT_FOR_ACCOUNT),
        (Circumstances(), [], policy.WAIT_FOR_ACCOUNT),
        (replace(PAYABLE, held=True, another_is_unresolved=True), ["on_hold"], None),
    ],
)
def test_a_waiting_payout_is_sent_unless_something_blocks_it(
    circumstances: Circumstances, moves: list[str], waits: timedelta | None
) -> None:
    decision = transfers.prepare(history_of(payout(PayoutStatus.PENDING)), circumstances, now=NOW)
    assert (targets(decision), due(decision)) == (moves, waits)
    assert (decision.new_attempt is not None) == (moves == ["processing"])
    assert decision.question is None


def test_a_transfer_sends_the_net_to_the_current_account_under_the_payouts_key() -> None:
    decision = transfers.prepare(history_of(payout(PayoutStatus.PENDING)), PAYABLE, now=NOW)
    assert decision.new_attempt
    assert decision.new_attempt["idempotency_key"] == f"transfer:{REFERENCE}:1"
    assert decision.new_attempt["destination"] == "acct_1"
    assert (decision.new_attempt["amount"], decision.new_attempt["currency"]) == (80_00, "USD")


def test_before_a_second_key_stripe_is_asked_what_it_has() -> None:
    refused = attempt(AttemptKind.TRANSFER, AttemptStatus.REFUSED)
    history = history_of(payout(PayoutStatus.PENDING), refused)
    asked = transfers.prepare(history, PAYABLE, now=NOW).question
    assert asked == transfers.EarlierTransfers("group")
    decision = asked.decide(history, PAYABLE, [], now=NOW)
    assert decision.new_attempt
    assert decision.new_attempt["idempotency_key"] == f"transfer:{REFERENCE}:2"
    mine, other = transfer(), transfer(identity=replace(identity(AttemptKind.TRANSFER), reference="other"))
    assert asked.decide(history, PAYABLE, [other], now=NOW) == decision
    blocked = asked.decide(history, PAYABLE, [other, mine], now=NOW)
    assert (blocked.new_attempt, due(blocked)) == (None, policy.WAIT_FOR_PERSON)
    assert due(asked.decide(history, PAYABLE, FAILURE, now=NOW)) == policy.WAIT_FOR_FUNDS


@pytest.mark.parametrize(
    ("status", "state", "moves"),
    [
        (PayoutStatus.PROCESSING, AttemptStatus.OPEN, ["in_transit"]),
        (PayoutStatus.UNRESOLVED, AttemptStatus.OPEN, ["in_transit"]),
        (PayoutStatus.PENDING, AttemptStatus.ABSENT, ["processing", "in_transit"]),
    ],
)
def test_after_the_transfer_the_payout_goes_to_the_bank(
    status: PayoutStatus, state: AttemptStatus, moves: list[str]
) -> None:
    made = attempt(AttemptKind.TRANSFER, state)
    decision = transfers.succeeded(history_of(payout(status), made), made, transfer(), now=NOW)
    assert (targets(decision), ends(decision)) == (moves, "succeeded")
    assert decision.changes["stripe_transfer_id"] == "tr_1"
    assert decision.question == bank_payouts.ArrivalQuestion("py_1", "acct_1")


@pytest.mark.parametrize("status", ["on_hold", "failed", "cancelled", "in_transit", "paid", "reversed"])
def test_a_transfer_that_nothing_waits_for_is_unexpected(status: PayoutStatus) -> None:
    ended = attempt(AttemptKind.TRANSFER, AttemptStatus.REFUSED)
    decision = transfers.succeeded(history_of(payout(status), ended), ended, transfer(), now=NOW)
    assert decision.effects == [RecordUnexpectedTransfer(transfer())]
    assert targets(decision) == []


def test_a_recorded_transfer_changes_nothing_and_a_second_one_is_unexpected() -> None:
    history = on_account(PayoutStatus.IN_TRANSIT)
    assert transfers.succeeded(history, SENT, transfer(), now=NOW) is NOTHING
    second = transfer(id="tr_2")
    decision = transfers.succeeded(history, SENT, second, now=NOW)
    assert decision == Decision(effects=[RecordUnexpectedTransfer(second)])


@pytest.mark.parametrize(
    ("leg", "made"), [(transfers, transfer()), (bank_payouts, bank_payout()), (reversals, REVERSED)]
)
def test_a_success_keeps_the_request_that_made_it_and_a_look_up_the_latest_known(leg: Any, made: Any) -> None:
    sent = attempt(leg.KIND, request_id="req_1")
    history = on_account(PayoutStatus.RETURNED, sent)
    answered = leg.succeeded(history, sent, replace(made, request_id="req_2"), now=NOW).update
    assert answered.changes["request_id"] == "req_2"
    assert "request_id" not in leg.succeeded(history, sent, made, now=NOW).update.changes


@pytest.mark.parametrize(
    ("leg", "made"), [(transfers, transfer()), (bank_payouts, bank_payout()), (reversals, REVERSED)]
)
def test_an_answer_after_the_webhook_only_adds_its_request(leg: Any, made: Any) -> None:
    sent = attempt(leg.KIND, AttemptStatus.SUCCEEDED, stripe_id=made.id)
    history = on_account(PayoutStatus.IN_TRANSIT, sent)
    decision = leg.succeeded(history, sent, replace(made, request_id="req_1"), now=NOW)
    assert decision == Decision(update=AttemptUpdate(sent, {"request_id": "req_1"}))
    assert leg.succeeded(history, sent, made, now=NOW) is NOTHING


def test_if_stripe_pays_the_bank_the_transfer_completes_the_payout(settings: Settings) -> None:
    settings.BANK_PAYOUTS_BY_STRIPE = True
    made = attempt(AttemptKind.TRANSFER)
    history = history_of(payout(PayoutStatus.PROCESSING), made)
    decision = transfers.succeeded(history, made, transfer(), now=NOW)
    assert targets(decision) == ["in_transit", "paid"]
    assert (decision.question, decision.changes["next_retry_at"]) == (None, None)


@pytest.mark.parametrize(
    ("verdict", "facts", "moves", "effects"),
    [
        (Verdict.REFUSED, {}, ["failed"], [ReleaseEarnings, PauseAfterRefusals]),
        (Verdict.SHORT, {}, ["pending"], [PauseForFunds]),
        (Verdict.UNKNOWN, {"in_doubt": True}, [], []),
        (Verdict.UNKNOWN, {"in_doubt": True, "sends": 12}, ["unresolved"], []),
        (Verdict.UNKNOWN, {"in_doubt": True, "resendable": False}, ["unresolved"], []),
        (Verdict.NOT_DONE, {"sends": 12}, [], []),
        (Verdict.KEY_REFUSED, {"in_doubt": True, "sends": 12}, ["unresolved"], []),
    ],
)
def test_a_failed_transfer_is_decided_by_its_verdict(
    verdict: Verdict, facts: dict[str, Any], moves: list[str], effects: list[type]
) -> None:
    failed = attempt(AttemptKind.TRANSFER, **facts)
    history = history_of(payout(PayoutStatus.PROCESSING), failed)
    decision = transfers.failed(history, failed, FAILURE, verdict, now=NOW)
    assert (targets(decision), [type(effect) for effect in decision.effects]) == (moves, effects)


@pytest.mark.parametrize(
    ("arrival", "circumstances", "facts", "waits"),
    [
        ({"available_on": NOW + timedelta(days=2)}, PAYABLE, {}, timedelta(days=2)),
        ({}, replace(PAYABLE, cooling_down=True), {}, policy.WAIT_FOR_ACCOUNT),
        ({}, replace(PAYABLE, foreign_bank_payout=True), {}, policy.WAIT_FOR_PERSON),
        ({}, PAYABLE, {"amount_reversed": 1}, policy.WAIT_FOR_PERSON),
    ],
)
def test_an_arrived_payout_waits_while_something_blocks_it(
    arrival: dict[str, Any], circumstances: Circumstances, facts: dict[str, Any], waits: timedelta
) -> None:
    arrived = Arrival(**{"amount": 80_00, "currency": "USD", "available_on": NOW, **arrival})
    history = on_account(PayoutStatus.IN_TRANSIT, **facts)
    decision = bank_payouts.start(history, circumstances, arrived, now=NOW)
    assert (due(decision), decision.new_attempt) == (waits, None)


@pytest.mark.parametrize(
    ("currency", "arrived", "left", "sent"),
    [
        ("USD", 80_00, 0, 80_00),
        ("EUR", 73_21, 0, 73_21),
        ("HUF", 29_123_45, 60, 29_124_00),
        ("UGX", 29_123_45, 60, 29_124_00),
        ("KWD", 29_125, 6, 29_130),
        ("HUF", 50, 0, 0),
    ],
)
def test_an_arrived_payout_goes_to_the_bank_in_accepted_units(
    currency: str, arrived: int, left: int, sent: int
) -> None:
    arrival = Arrival(amount=arrived, currency=currency, available_on=NOW)
    circumstances = replace(PAYABLE, left_behind=left)
    decision = bank_payouts.start(on_account(PayoutStatus.IN_TRANSIT), circumstances, arrival, now=NOW)
    if sent:
        assert decision.new_attempt
        assert (decision.new_attempt["amount"], decision.new_attempt["currency"]) == (sent, currency)
        assert decision.new_attempt["idempotency_key"] == f"bank_payout:{REFERENCE}:1"
    else:
        assert (targets(decision), decision.changes["failure_code"]) == (["returned"], "amount_too_small")


def test_a_lost_account_returns_its_payout() -> None:
    question = bank_payouts.ArrivalQuestion("py_1", "acct_1")
    history = on_account(PayoutStatus.IN_TRANSIT)
    lost = question.decide(history, PAYABLE, LOST, now=NOW)
    assert (targets(lost), lost.changes["failure_code"]) == (["returned"], "account_gone")
    assert targets(question.decide(history, PAYABLE, FAILURE, now=NOW)) == []


@pytest.mark.parametrize(
    ("payout_and_attempt", "present", "told", "moves", "ended"),
    [
        (("in_transit", "succeeded"), True, "paid", ["paid"], None),
        (("in_transit", "succeeded"), True, "failed", ["returned"], "returned"),
        (("paid", "succeeded"), True, "failed", ["returned"], "returned"),
        (("paid", "succeeded"), True, "canceled", ["returned"], "returned"),
        (("in_transit", "succeeded"), False, "failed", [], "returned"),
        (("in_transit", "succeeded"), False, "paid", [], None),
        (("returned", "returned"), True, "paid", [], None),
        (("in_transit", "succeeded"), True, "pending", [], None),
        (("reversed", "succeeded"), True, "failed", [], "returned"),
    ],
)
def test_a_bank_payouts_outcome_decides_the_payouts(
    payout_and_attempt: tuple[PayoutStatus, AttemptStatus],
    present: bool,
    told: str,
    moves: list[str],
    ended: str | None,
) -> None:
    status, state = payout_and_attempt
    sent = attempt(AttemptKind.BANK_PAYOUT, state, stripe_id="po_1")
    history = on_account(status, sent, stripe_payout_id="po_1" if present else "po_2")
    decision = bank_payouts.settle(history, bank_payout(status=told), now=NOW)
    assert (targets(decision), ends(decision)) == (moves, ended)


@pytest.mark.parametrize(
    ("status", "state", "facts", "moves", "foreign"),
    [
        (PayoutStatus.IN_TRANSIT, AttemptStatus.OPEN, {}, [], False),
        (PayoutStatus.IN_TRANSIT, AttemptStatus.ABSENT, {}, [], False),
        (PayoutStatus.RETURNED, AttemptStatus.ABSENT, {}, ["in_transit"], False),
        (PayoutStatus.IN_TRANSIT, AttemptStatus.ABSENT, {"stripe_payout_id": "po_2"}, [], True),
        (PayoutStatus.PAID, AttemptStatus.ABSENT, {}, [], True),
        (PayoutStatus.REVERSED, AttemptStatus.ABSENT, {}, [], True),
    ],
)
def test_a_bank_payout_is_the_payouts_own_if_it_has_no_other(
    status: PayoutStatus, state: AttemptStatus, facts: dict[str, Any], moves: list[str], foreign: bool
) -> None:
    made = attempt(AttemptKind.BANK_PAYOUT, state)
    decision = bank_payouts.succeeded(on_account(status, made, **facts), made, bank_payout(), now=NOW)
    assert (targets(decision), ends(decision)) == (moves, "succeeded")
    assert decision.effects == ([RecordForeignBankPayout(bank_payout())] if foreign else ())


@pytest.mark.parametrize(
    ("verdict", "since", "moves", "waits"),
    [
        (Verdict.REFUSED, timedelta(), ["returned"], policy.LOOK_AT_RETURNED),
        (Verdict.SHORT, timedelta(days=7), [], policy.WAIT_FOR_FUNDS),
        (Verdict.SHORT, timedelta(days=7, minutes=1), ["returned"], policy.LOOK_AT_RETURNED),
    ],
)
def test_a_failed_bank_payout_is_decided_by_its_verdict(
    verdict: Verdict, since: timedelta, moves: list[str], waits: timedelta
) -> None:
    first = attempt(AttemptKind.BANK_PAYOUT, created_at=NOW - since)
    history = on_account(PayoutStatus.IN_TRANSIT, first)
    decision = bank_payouts.failed(history, first, FAILURE, verdict, now=NOW)
    assert (targets(decision), due(decision)) == (moves, waits)


def test_missing_funds_are_counted_from_the_first_refusal_in_a_row() -> None:
    """An earlier bank payout that the bank returned says nothing of the funds."""
    month_ago = NOW - timedelta(days=30)
    earlier = attempt(
        AttemptKind.BANK_PAYOUT, AttemptStatus.RETURNED, created_at=month_ago, ended_at=month_ago
    )
    again = attempt(AttemptKind.BANK_PAYOUT, id=UUID(int=11))
    history = on_account(PayoutStatus.IN_TRANSIT, earlier, again)
    decision = bank_payouts.failed(history, again, FAILURE, Verdict.SHORT, now=NOW)
    assert (targets(decision), due(decision)) == ([], policy.WAIT_FOR_FUNDS)
