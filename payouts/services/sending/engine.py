"""The one procedure that moves money at Stripe, for all legs:

1. Lock the payout, decide what to do, and commit it. Before money moves, that includes an attempt with its key.
2. Call Stripe, outside any transaction.
3. Lock again, decide by the answer, and commit that. Often another call follows.

A worker that dies in between leaves an open attempt. Another worker takes it up a minute later, under the same key. An
attempt ends by success under its key, by a proven refusal of its only sends, or by a look-up.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from payouts import policy
from payouts.gateway import Arrival
from payouts.models import DifferenceKind, PayoutAttempt
from payouts.policy import Verdict
from payouts.services.moves import PayoutChanges
from payouts.services.sending import (
    attempts,
    bank_payouts,
    earlier_bank_payouts,
    recording,
    returned,
    reversals,
    transfers,
)
from payouts.services.sending.decision import NOTHING, Decision, Effect, Question
from payouts.services.sending.effects import PauseBehindStripe, PauseForKey, SettleDifference
from payouts.services.sending.history import History, circumstances_of, lock
from payouts.services.sending.legs import Leg, look_again, proven_absent
from payouts.services.sending.writing import carry_out
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure, StripeCallFailed

LEGS: dict[AttemptKind, Leg] = {leg.KIND: leg for leg in (transfers, bank_payouts, reversals)}
# The first decision about a due payout without an open attempt.
PREPARE = {
    PayoutStatus.PENDING: transfers.prepare,
    PayoutStatus.IN_TRANSIT: earlier_bank_payouts.prepare,
    PayoutStatus.RETURNED: returned.prepare,
}


@dataclass(frozen=True, slots=True)
class Send:
    """Have Stripe move money, under the key of a committed attempt."""

    leg: Leg
    attempt: PayoutAttempt


@dataclass(frozen=True, slots=True)
class LookUp:
    """Look up whether Stripe has what an attempt asked for."""

    leg: Leg
    attempt: PayoutAttempt


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask Stripe something that the next decision depends on."""

    payout_id: UUID
    question: Question


Call = Send | LookUp | Ask


def attend(payout_id: UUID, *, now: datetime) -> None:
    """Do everything that a payout needs now, if it is due and not paused.

    `now` is the database's time. Decisions after a call to Stripe are as of the time after the call.

    Raises: UnknownPayout.
    """
    begun = time.monotonic()
    call = begin(payout_id, now=now)
    while call is not None:
        answer = make(call)
        call = process(call, answer, now=now + timedelta(seconds=time.monotonic() - begun))


@transaction.atomic
def begin(payout_id: UUID, *, now: datetime) -> Call | None:
    """Decide what a payout needs; return the call to make, for which the payout is leased.

    An open attempt comes first: it is sent again under its key, or looked up if it can't be sent again.
    """
    history = lock(payout_id)
    payout, attempt = history.payout, history.open_attempt
    if payout.next_retry_at is None or payout.next_retry_at > now:
        return None
    circumstances = circumstances_of(history)
    if circumstances.paused:
        return None
    if attempt is None:
        prepare = PREPARE.get(PayoutStatus(payout.status))
        return _write(history, prepare(history, circumstances, now=now), now=now) if prepare else None
    leg = LEGS[AttemptKind(attempt.kind)]
    attempt.payout = payout
    if leg.may_send_again(history, circumstances) and policy.may_send_again(attempt, now=now):
        sent_again = Decision(update=attempts.sent_again(attempt, now=now))
        carry_out(history, _leased(sent_again, now=now), now=now)
        return Send(leg, attempt)
    carry_out(history, _leased(NOTHING, now=now), now=now)
    return LookUp(leg, attempt)


def make(call: Call) -> Any:
    """Call Stripe; return its answer, or the Failure to get one."""
    try:
        match call:
            case Send(leg, attempt):
                return leg.send(attempt)
            case LookUp(leg, attempt):
                return leg.find(attempt)
            case Ask(_, question):
                return question.ask()
    except StripeCallFailed as error:
        return error.failure


def process(call: Call, answer: Any, *, now: datetime) -> Call | None:
    """Decide by Stripe's answer, and write the decision; return the next call, if any."""
    match call:
        case Send(leg, attempt):
            return _after_send(leg, attempt, answer, now=now)
        case LookUp(leg, attempt):
            return _after_look_up(leg, attempt, answer, now=now)
        case Ask(payout_id, question):
            return _after_question(payout_id, question, answer, now=now)


@transaction.atomic
def _after_send(leg: Leg, sent: PayoutAttempt, answer: Any, *, now: datetime) -> Call | None:
    history = lock(sent.payout_id)
    attempt = history.attempt(sent.pk)
    assert attempt is not None  # attempts are never deleted
    if isinstance(answer, Failure):
        return _write(history, _failed(leg, history, attempt, answer, now=now), now=now)
    return _write(history, leg.succeeded(history, attempt, answer, now=now), now=now)


def _after_look_up(leg: Leg, looked_for: PayoutAttempt, found: Any, *, now: datetime) -> Call | None:
    """Record what was found, and end the attempt if its absence is proven. A failed look-up proves nothing."""
    _record_found(found, payout_id=looked_for.payout_id, now=now)
    with transaction.atomic():
        history = lock(looked_for.payout_id)
        attempt = history.attempt(looked_for.pk)
        if attempt is None or attempt.status != AttemptStatus.OPEN:
            return None
        if isinstance(found, Failure) or not proven_absent(attempt, now=now):
            return _write(history, look_again(attempt, now=now, moves=leg.unknown(history)), now=now)
        ended = attempts.ended_without_effect(attempt, now=now)
        return _write(history, replace(leg.absent(history, now=now), update=ended), now=now)


def _after_question(payout_id: UUID, question: Question, answer: Any, *, now: datetime) -> Call | None:
    _record_found(answer, payout_id=payout_id, now=now)
    with transaction.atomic():
        history = lock(payout_id)
        arrived_in = answer.currency if isinstance(answer, Arrival) else ""
        circumstances = circumstances_of(history, arrived_in=arrived_in)
        decision = question.decide(history, circumstances, answer, now=now)
        if decision.new_attempt and circumstances.paused:
            decision = Decision(changes={"next_retry_at": now})
        if isinstance(answer, Failure) and policy.refuses_key(answer):
            decision = replace(decision, effects=[*decision.effects, PauseForKey(answer)])
        return _write(history, decision, now=now)


def _record_found(found: Any, *, payout_id: UUID, now: datetime) -> None:
    """Record each object that Stripe listed; other answers aren't lists."""
    if isinstance(found, list):
        for made in found:
            recording.record_made(made, payout_id=payout_id, now=now)


def _failed(
    leg: Leg, history: History, attempt: PayoutAttempt, failure: Failure, *, now: datetime
) -> Decision:
    """Decide after a failed send; if the attempt has ended in the meantime, the failure means nothing."""
    if attempt.status != AttemptStatus.OPEN:
        return NOTHING
    verdict = policy.verdict(failure, attempt=attempt)
    update = attempts.failed(attempt, failure, verdict, now=now)
    decision = leg.failed(history, attempts.after(update), failure, verdict, now=now)
    pause: list[Effect] = []
    if verdict == Verdict.KEY_REFUSED:
        pause.append(PauseForKey(failure))
    if policy.shows_another_sender(failure, attempt=attempt):
        pause.append(PauseBehindStripe(attempt, failure))
    return replace(decision, update=update, effects=[*decision.effects, *pause])


def _write(history: History, decision: Decision, *, now: datetime) -> Call | None:
    """Write a decision; return the next call, for which the payout is leased."""
    if decision.new_attempt:
        sent = replace(decision, new_attempt=attempts.sent_first(decision.new_attempt, now=now))
        attempt = carry_out(history, _leased(sent, now=now), now=now)
        assert attempt is not None
        return Send(LEGS[AttemptKind(attempt.kind)], attempt)
    if decision.question:
        carry_out(history, _leased(decision, now=now), now=now)
        return Ask(history.payout.pk, decision.question)
    carry_out(history, _recovered(history, decision), now=now)
    return None


def _recovered(history: History, decision: Decision) -> Decision:
    """Forget the errors that the payout's processing ended in before: this time, it came to its end."""
    payout = history.payout
    if not payout.errors:
        return decision
    works_again = SettleDifference(DifferenceKind.PAYOUT_STUCK, str(payout.pk), "its processing works again")
    return replace(
        decision,
        changes={**decision.changes, "errors": 0, "failing_since": None},
        effects=[*decision.effects, works_again],
    )


def _leased(decision: Decision, *, now: datetime) -> Decision:
    """Keep the payout for one call; a worker that dies in the meantime loses it to another."""
    lease: PayoutChanges = {"next_retry_at": now + policy.LEASE, "taken_at": now}
    return replace(decision, changes={**decision.changes, **lease})
