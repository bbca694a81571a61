"""What the legs decide, each case a row: without a database, and without Stripe."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from payouts import policy
from payouts.gateway import Arrival, BankPayout, Reversal, Transfer
from payouts.models import DifferenceKind, Payout, PayoutAttempt
from payouts.policy import Verdict
from payouts.services.sending import bank_payouts, returned, reversals, transfers
from payouts.services.sending.decision import NOTHING, Decision
from payouts.services.sending.effects import (
    OpenDifference,
    PauseAfterRefusals,
    PauseForFunds,
    RecordForeignBankPayout,
    RecordUnexpectedTransfer,
    ReleaseEarnings,
    SettleDifference,
)
from payouts.services.sending.history import Circumstances, History
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure, NotYet

NOW = datetime(2026, 11, 1, 0, 15, tzinfo=UTC)
PAYOUT_ID, CREATOR_ID = UUID(int=1), UUID(int=2)
PAYABLE = Circumstances(account="acct_1", account_payable=True)
FAILURE = Failure(
    http_status=400,
    type="invalid_request_error",
    code="no_account",
    param="",
    message="No such account.",
    request_id="req_1",
    replayed=False,
)
LOST = replace(FAILURE, http_status=403, code="account_invalid")


def payout(status: PayoutStatus, **columns: Any) -> Payout:
    return Payout(
        **{
            "id": PAYOUT_ID,
            "creator_id": CREATOR_ID,
            "currency": "USD",
            "net_amount": 80_00,
            "amount_reversed": 0,
            "status": status,
            "next_retry_at": NOW,
            **columns,
        }
    )


def attempt(kind: AttemptKind, status: AttemptStatus = AttemptStatus.OPEN, **columns: Any) -> PayoutAttempt:
    return PayoutAttempt(
        **{
            "id": UUID(int=10),
            "payout_id": PAYOUT_ID,
            "kind": kind,
            "status": status,
            "destination": "acct_1",
            "amount": 80_00,
            "currency": "USD",
            "sends": 1,
            "first_sent_at": NOW,
            "last_sent_at": NOW,
            "answered": False,
            "created_at": NOW,
            **columns,
        }
    )


SENT = attempt(AttemptKind.TRANSFER, AttemptStatus.SUCCEEDED, id=UUID(int=9), stripe_id="tr_1")


def on_account(status: PayoutStatus, *attempts: PayoutAttempt, **columns: Any) -> History:
    """A payout whose transfer was sent."""
    facts = {"stripe_transfer_id": "tr_1", "destination_payment": "py_1", **columns}
    return History(payout(status, **facts), [SENT, *attempts])


def transfer(**facts: Any) -> Transfer:
    return Transfer(
        **{
            "id": "tr_1",
            "amount": 80_00,
            "amount_reversed": 0,
            "currency": "USD",
            "destination": "acct_1",
            "destination_payment": "py_1",
            "payout_id": PAYOUT_ID,
            "attempt_id": UUID(int=10),
            "created": NOW,
            **facts,
        }
    )


def bank_payout(**facts: Any) -> BankPayout:
    return BankPayout(
        **{
            "id": "po_1",
            "account": "acct_1",
            "status": "pending",
            "amount": 80_00,
            "currency": "USD",
            "arrival_date": None,
            "failure_code": "",
            "failure_message": "",
            "attempt_id": UUID(int=10),
            "created": NOW,
            **facts,
        }
    )


def targets(decision: Decision) -> list[str]:
    return [move.target.value for move in decision.moves]


def due(decision: Decision) -> timedelta | None:
    """How long until the payout is due again, if the decision says so."""
    at = decision.changes.get("next_retry_at")
    return at - NOW if at else None


def ends(decision: Decision) -> str | None:
    """How the decision ends an attempt, if it does."""
    return decision.update.changes.get("status") if decision.update else None


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
    decision = transfers.prepare(History(payout(PayoutStatus.PENDING)), circumstances, now=NOW)
    assert (targets(decision), due(decision)) == (moves, waits)
    assert (decision.new_attempt is not None) == (moves == ["processing"])
    assert decision.question is None


def test_a_transfer_sends_the_net_to_the_current_account_under_the_payouts_key() -> None:
    decision = transfers.prepare(History(payout(PayoutStatus.PENDING)), PAYABLE, now=NOW)
    assert decision.new_attempt
    assert decision.new_attempt["idempotency_key"] == f"transfer:{PAYOUT_ID}:1"
    assert decision.new_attempt["destination"] == "acct_1"
    assert (decision.new_attempt["amount"], decision.new_attempt["currency"]) == (80_00, "USD")


def test_before_a_second_key_stripe_is_asked_what_it_has() -> None:
    refused = attempt(AttemptKind.TRANSFER, AttemptStatus.REFUSED)
    history = History(payout(PayoutStatus.PENDING), [refused])
    asked = transfers.prepare(history, PAYABLE, now=NOW).question
    assert asked == transfers.EarlierTransfers(PAYOUT_ID)
    decision = asked.decide(history, PAYABLE, [], now=NOW)
    assert decision.new_attempt
    assert decision.new_attempt["idempotency_key"] == f"transfer:{PAYOUT_ID}:2"
    assert asked.decide(history, PAYABLE, [transfer()], now=NOW) is NOTHING
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
    decision = transfers.succeeded(History(payout(status), [made]), made, transfer(), now=NOW)
    assert (targets(decision), ends(decision)) == (moves, "succeeded")
    assert decision.changes["stripe_transfer_id"] == "tr_1"
    assert decision.question == bank_payouts.ArrivalQuestion("py_1", "acct_1")


@pytest.mark.parametrize("status", ["on_hold", "failed", "cancelled", "in_transit", "paid", "reversed"])
def test_a_transfer_that_nothing_waits_for_is_unexpected(status: PayoutStatus) -> None:
    ended = attempt(AttemptKind.TRANSFER, AttemptStatus.REFUSED)
    decision = transfers.succeeded(History(payout(status), [ended]), ended, transfer(), now=NOW)
    assert decision.effects == [RecordUnexpectedTransfer(transfer())]
    assert targets(decision) == []


def test_a_recorded_transfer_changes_nothing_and_a_second_one_is_unexpected() -> None:
    history = on_account(PayoutStatus.IN_TRANSIT)
    assert transfers.succeeded(history, SENT, transfer(), now=NOW) is NOTHING
    second = transfer(id="tr_2")
    decision = transfers.succeeded(history, SENT, second, now=NOW)
    assert decision == Decision(effects=[RecordUnexpectedTransfer(second)])


def test_if_stripe_pays_the_bank_the_transfer_completes_the_payout(settings: Settings) -> None:
    settings.BANK_PAYOUTS_BY_STRIPE = True
    made = attempt(AttemptKind.TRANSFER)
    history = History(payout(PayoutStatus.PROCESSING), [made])
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
    history = History(payout(PayoutStatus.PROCESSING), [failed])
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
        assert decision.new_attempt["idempotency_key"] == f"bank_payout:{PAYOUT_ID}:1"
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


def refused(day: int, **columns: Any) -> PayoutAttempt:
    """A bank payout that Stripe refused so many days ago."""
    at = NOW - timedelta(days=day)
    return attempt(
        AttemptKind.BANK_PAYOUT,
        AttemptStatus.REFUSED,
        id=UUID(int=100 + day),
        created_at=at,
        ended_at=at,
        **columns,
    )


SHORT = {"error_code": "balance_insufficient"}
BY_STAFF = {"requested_by": "dana", "request_reason": "fraud"}


@pytest.mark.parametrize(
    ("refusals", "bank_account_since", "waits"),
    [
        ([refused(0)], None, policy.LOOK_AT_RETURNED),
        ([refused(1)], None, None),
        ([refused(3), refused(1)], None, policy.LOOK_AT_RETURNED),
        ([refused(3), refused(2)], None, None),
        # Another bank account begins anew, and is tried at once.
        ([refused(3), refused(1)], NOW - timedelta(hours=1), None),
        # Lack of funds is no refusal.
        ([refused(9, **SHORT), refused(8, **SHORT), refused(7, **SHORT), refused(1)], None, None),
    ],
)
def test_a_refused_bank_payout_is_sent_again_after_one_two_four_and_eight_days(
    refusals: list[PayoutAttempt], bank_account_since: datetime | None, waits: timedelta | None
) -> None:
    history = on_account(PayoutStatus.RETURNED, *refusals)
    circumstances = replace(PAYABLE, bank_account_since=bank_account_since)
    decision = returned.prepare(history, circumstances, now=NOW)
    assert (due(decision), decision.question is None) == (waits, waits is not None)


def test_after_the_fifth_refusal_it_is_taken_back_and_not_sent_while_that_is_refused() -> None:
    refusals = [refused(day) for day in (24, 23, 21, 17, 9)]
    history = on_account(PayoutStatus.RETURNED, *refusals)
    assert returned.prepare(history, PAYABLE, now=NOW).new_attempt
    assert returned.prepare(on_account(PayoutStatus.RETURNED, *refusals[:4]), PAYABLE, now=NOW).question
    recent = [refused(day) for day in (15, 14, 12, 8, 0)]
    tried = attempt(AttemptKind.REVERSAL, AttemptStatus.REFUSED, ended_at=NOW)
    decision = returned.prepare(on_account(PayoutStatus.RETURNED, *recent, tried), PAYABLE, now=NOW)
    assert (due(decision), decision.question) == (policy.LOOK_AT_RETURNED, None)


@pytest.mark.parametrize("days", [1, 8])
def test_money_that_staff_want_back_goes_to_no_bank_however_often_that_is_refused(days: int) -> None:
    ended = NOW - timedelta(days=days)
    first = attempt(AttemptKind.REVERSAL, AttemptStatus.REFUSED, ended_at=ended, **BY_STAFF)
    history = on_account(PayoutStatus.RETURNED, first)
    decision = returned.prepare(history, PAYABLE, now=NOW)
    assert decision.question is None
    if days == 8:
        assert decision.new_attempt
        assert (decision.new_attempt["requested_by"], decision.new_attempt["request_reason"]) == (
            "dana",
            "fraud",
        )
    answered = returned.BankAccountQuestion("acct_1", "USD").decide(history, PAYABLE, True, now=NOW)
    assert "in_transit" not in targets(answered)


def test_a_hold_that_is_placed_while_the_bank_account_is_asked_about_keeps_the_money() -> None:
    question = returned.BankAccountQuestion("acct_1", "USD")
    held = replace(PAYABLE, held=True)
    decision = question.decide(on_account(PayoutStatus.RETURNED), held, True, now=NOW)
    assert (targets(decision), due(decision)) == ([], policy.LOOK_AT_RETURNED)


def test_a_returned_payout_of_which_all_came_back_is_reversed() -> None:
    history = on_account(PayoutStatus.RETURNED, amount_reversed=80_00)
    assert targets(returned.prepare(history, PAYABLE, now=NOW)) == ["reversed"]


TRIED = attempt(AttemptKind.REVERSAL, AttemptStatus.REFUSED, ended_at=NOW - timedelta(days=1))
TRIED_LONG_AGO = attempt(AttemptKind.REVERSAL, AttemptStatus.REFUSED, ended_at=NOW - timedelta(days=7))


@pytest.mark.parametrize(
    ("attempts", "facts", "circumstances", "taken_back"),
    [
        ([], {}, PAYABLE, False),
        ([], {"failure_code": "account_gone"}, PAYABLE, True),
        ([], {"failure_code": "amount_too_small"}, PAYABLE, True),
        ([], {}, replace(PAYABLE, account="acct_2"), True),
        ([], {}, replace(PAYABLE, account=None), True),
        ([], {}, replace(PAYABLE, returned_at=NOW - timedelta(days=29)), False),
        ([], {}, replace(PAYABLE, returned_at=NOW - timedelta(days=30)), True),
        ([TRIED], {"failure_code": "account_gone"}, PAYABLE, False),
        ([TRIED_LONG_AGO], {"failure_code": "account_gone"}, PAYABLE, True),
    ],
)
def test_a_returned_payout_is_taken_back_or_its_bank_account_checked(
    attempts: list[PayoutAttempt], facts: dict[str, Any], circumstances: Circumstances, taken_back: bool
) -> None:
    history = on_account(PayoutStatus.RETURNED, *attempts, **facts)
    decision = returned.prepare(history, circumstances, now=NOW)
    assert (decision.new_attempt is not None) == taken_back
    assert (decision.question is not None) != taken_back


@pytest.mark.parametrize(
    ("circumstances", "facts"), [(replace(PAYABLE, held=True), {}), (PAYABLE, {"amount_reversed": 1})]
)
def test_a_returned_payout_is_not_sent_again_while_held_or_partly_reversed(
    circumstances: Circumstances, facts: dict[str, Any]
) -> None:
    decision = returned.prepare(on_account(PayoutStatus.RETURNED, **facts), circumstances, now=NOW)
    assert decision == Decision(changes={"next_retry_at": NOW + policy.LOOK_AT_RETURNED})


@pytest.mark.parametrize(("answer", "moves"), [(True, ["in_transit"]), (False, []), (FAILURE, [])])
def test_a_returned_payout_is_sent_again_once_a_bank_account_accepts_it(
    answer: bool | Failure, moves: list[str]
) -> None:
    question = returned.BankAccountQuestion("acct_1", "USD")
    decision = question.decide(on_account(PayoutStatus.RETURNED), PAYABLE, answer, now=NOW)
    assert targets(decision) == moves
    assert (decision.question is not None) == bool(moves)


@pytest.mark.parametrize(
    ("status", "facts", "back", "moves", "effects"),
    [
        ("returned", {}, 80_00, ["reversed"], [ReleaseEarnings, SettleDifference, SettleDifference]),
        ("in_transit", {}, 80_00, ["reversed"], [ReleaseEarnings, SettleDifference, SettleDifference]),
        ("in_transit", {"stripe_payout_id": "po_1"}, 80_00, [], ["Book", OpenDifference]),
        ("paid", {"stripe_payout_id": "po_1"}, 80_00, [], ["Book", OpenDifference]),
        ("returned", {}, 30_00, [], ["Book", OpenDifference]),
        ("returned", {"amount_reversed": 30_00}, 30_00, [], []),
        ("reversed", {"amount_reversed": 80_00}, 80_00, [], []),
    ],
)
def test_only_a_full_reversal_from_the_connected_account_ends_the_payout(
    status: PayoutStatus, facts: dict[str, Any], back: int, moves: list[str], effects: list[Any]
) -> None:
    decision = reversals.came_back(on_account(status, **facts), back, now=NOW)
    assert targets(decision) == moves
    names = [each if isinstance(each, str) else each.__name__ for each in effects]
    assert [type(effect).__name__ for effect in decision.effects] == names


def test_a_reversal_waits_while_a_bank_payout_may_be_in_progress() -> None:
    history = on_account(PayoutStatus.IN_TRANSIT, attempt(AttemptKind.BANK_PAYOUT))
    with pytest.raises(NotYet):
        reversals.came_back(history, 80_00, now=NOW)


def test_a_successful_reversal_ends_its_attempt_and_the_payout() -> None:
    asked = attempt(AttemptKind.REVERSAL, requested_by="dana", request_reason="wrong person")
    history = on_account(PayoutStatus.RETURNED, asked)
    decision = reversals.succeeded(history, asked, Reversal("trr_1", 80_00, asked.pk), now=NOW)
    assert (targets(decision), ends(decision)) == (["reversed"], "succeeded")
    (move,) = decision.moves
    assert (move.actor, "wrong person" in move.reason) == ("dana", True)


@pytest.mark.parametrize(
    ("verdict", "failure", "told"),
    [
        (Verdict.REFUSED, FAILURE, True),
        (Verdict.SHORT, FAILURE, True),
        (Verdict.NOT_DONE, LOST, True),
        (Verdict.UNKNOWN, FAILURE, False),
    ],
)
def test_a_refused_reversal_opens_a_difference(verdict: Verdict, failure: Failure, told: bool) -> None:
    asked = attempt(AttemptKind.REVERSAL)
    decision = reversals.failed(on_account(PayoutStatus.RETURNED, asked), asked, failure, verdict, now=NOW)
    kinds = [effect.kind for effect in decision.effects if isinstance(effect, OpenDifference)]
    assert (targets(decision), kinds) == ([], [DifferenceKind.REVERSAL_REFUSED] if told else [])
