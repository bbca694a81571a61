"""What is decided of money that came back, or is taken back, each case a row: without a database or Stripe."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from payouts import policy
from payouts.gateway import Reversal
from payouts.models import DifferenceKind, PayoutAttempt
from payouts.policy import Verdict
from payouts.services.sending import coming_back, returned, reversals
from payouts.services.sending.decision import Decision
from payouts.services.sending.effects import (
    OpenDifference,
    ReleaseEarnings,
    SettleDifference,
)
from payouts.services.sending.history import Circumstances
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure, NotYet
from tests.payouts.legs import (
    FAILURE,
    LOST,
    NOW,
    PAYABLE,
    attempt,
    due,
    ends,
    on_account,
    targets,
)


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
        # Lack of funds is no refusal, unless it lasts.
        ([refused(9, **SHORT), refused(8, **SHORT), refused(7, **SHORT), refused(1)], None, None),
        ([refused(9, **SHORT), refused(3, **SHORT), refused(0, **SHORT)], None, policy.LOOK_AT_RETURNED),
        ([refused(9, **SHORT), refused(1, **SHORT)], None, None),
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
        ("returned", {}, 80_00, ["reversed"], [ReleaseEarnings, *[SettleDifference] * 3]),
        ("in_transit", {}, 80_00, ["reversed"], [ReleaseEarnings, *[SettleDifference] * 3]),
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
    decision = coming_back.came_back(on_account(status, **facts), back, now=NOW)
    assert targets(decision) == moves
    names = [each if isinstance(each, str) else each.__name__ for each in effects]
    assert [type(effect).__name__ for effect in decision.effects] == names


def test_a_reversal_waits_while_a_bank_payout_may_be_in_progress() -> None:
    history = on_account(PayoutStatus.IN_TRANSIT, attempt(AttemptKind.BANK_PAYOUT))
    with pytest.raises(NotYet):
        coming_back.came_back(history, 80_00, now=NOW)


def test_a_successful_reversal_ends_its_attempt_and_the_payout() -> None:
    asked = attempt(AttemptKind.REVERSAL, requested_by="dana", request_reason="wrong person")
    history = on_account(PayoutStatus.RETURNED, asked)
    decision = reversals.succeeded(history, asked, Reversal(id="trr_1", amount=80_00), now=NOW)
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


def test_money_that_staff_withdrew_their_claim_to_may_go_to_the_bank_again() -> None:
    withdrawn = attempt(
        AttemptKind.REVERSAL,
        AttemptStatus.REFUSED,
        ended_at=NOW - timedelta(days=8),
        withdrawn_at=NOW,
        **BY_STAFF,
    )
    decision = returned.prepare(on_account(PayoutStatus.RETURNED, withdrawn), PAYABLE, now=NOW)
    assert isinstance(decision.question, returned.BankAccountQuestion)
    assert decision.new_attempt is None


@pytest.mark.parametrize(("absences", "hours"), [(0, 0), (1, 1), (2, 2), (5, 16), (11, 1_024), (99, 1_024)])
def test_what_never_arrived_is_tried_again_ever_later(absences: int, hours: int) -> None:
    assert policy.next_try_after_absence(absences, now=NOW) == NOW + timedelta(hours=hours)
