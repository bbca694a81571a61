"""The one procedure by which money moves at Stripe, for all legs:

1. Under the payout's lock, decide what to do, and commit it: before money moves, an attempt with its key.
2. Call Stripe, outside any transaction.
3. Under the lock again, decide by the answer, and commit that. Often another call follows from it.

A worker that dies anywhere in between leaves an open attempt, which is taken up again a minute later under the same
key. An attempt is ended by success under its key, by a proven refusal of its only sends, or by a look at Stripe.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from payouts import policy
from payouts.gateway import Arrival
from payouts.models import PayoutAttempt
from payouts.policy import Verdict
from payouts.services.moves import PayoutChanges
from payouts.services.sending import attempts, bank_payouts, recording, returned, reversals, transfers
from payouts.services.sending.decision import NOTHING, Decision, Question
from payouts.services.sending.effects import PauseForKey
from payouts.services.sending.history import History, circumstances_of, lock
from payouts.services.sending.legs import Leg, look_again, proven_absent
from payouts.services.sending.writing import carry_out
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure, StripeCallFailed

LEGS: dict[AttemptKind, Leg] = {leg.KIND: leg for leg in (transfers, bank_payouts, reversals)}
# What is decided first about a payout that is due, while nothing is under way for it.
PREPARE = {
    PayoutStatus.PENDING: transfers.prepare,
    PayoutStatus.IN_TRANSIT: bank_payouts.prepare,
    PayoutStatus.RETURNED: returned.prepare,
}


@dataclass(frozen=True, slots=True)
class Send:
    """Have Stripe move money, under the key of an attempt that is committed."""

    leg: Leg
    attempt: PayoutAttempt


@dataclass(frozen=True, slots=True)
class LookUp:
    """Look whether Stripe has what an attempt asked for."""

    leg: Leg
    attempt: PayoutAttempt


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask Stripe something on which the next decision depends."""

    payout_id: UUID
    question: Question


Call = Send | LookUp | Ask


def attend(payout_id: UUID, *, now: datetime) -> None:
    """Do all that is to be done for a payout, if it is due and nothing pauses it.

    `now` is the database's time; what is decided after a call to Stripe is decided as of then.

    Raises: UnknownPayout.
    """
    begun = time.monotonic()
    call = begin(payout_id, now=now)
    while call is not None:
        answer = make(call)
        call = take_in(call, answer, now=now + timedelta(seconds=time.monotonic() - begun))


@transaction.atomic
def begin(payout_id: UUID, *, now: datetime) -> Call | None:
    """Decide what to do for a payout; return the call to make, for which nobody else takes it up.

    An open attempt comes first: it is sent again under its key, or looked up where that can't be done any more.
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
        return _follow(history, prepare(history, circumstances, now=now), now=now) if prepare else None
    leg = LEGS[AttemptKind(attempt.kind)]
    attempt.payout = payout
    if leg.may_send_again(history, circumstances) and policy.may_send_again(attempt, now=now):
        carry_out(history, Decision(update=attempts.sent_again(attempt, now=now)), lease=_lease(now), now=now)
        return Send(leg, attempt)
    carry_out(history, NOTHING, lease=_lease(now), now=now)
    return LookUp(leg, attempt)


def make(call: Call) -> Any:
    """Call Stripe; return what it answers, or the Failure to get an answer."""
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


def take_in(call: Call, answer: Any, *, now: datetime) -> Call | None:
    """Decide by Stripe's answer, and write that; return the call that follows from it."""
    match call:
        case Send(leg, attempt):
            return _take_in_send(leg, attempt, answer, now=now)
        case LookUp(leg, attempt):
            return _take_in_look(leg, attempt, answer, now=now)
        case Ask(payout_id, question):
            return _take_in_answer(payout_id, question, answer, now=now)


@transaction.atomic
def _take_in_send(leg: Leg, sent: PayoutAttempt, answer: Any, *, now: datetime) -> Call | None:
    history = lock(sent.payout_id)
    attempt = history.attempt(sent.pk)
    assert attempt is not None  # attempts are never deleted
    if isinstance(answer, Failure):
        return _follow(history, _failed(leg, history, attempt, answer, now=now), now=now)
    return _follow(history, leg.succeeded(history, attempt, answer, now=now), now=now)


def _take_in_look(leg: Leg, looked_for: PayoutAttempt, found: Any, *, now: datetime) -> Call | None:
    """Record what was found, and end the attempt if its absence is proven; a failed look says nothing of any send."""
    _record_found(found, payout_id=looked_for.payout_id, now=now)
    with transaction.atomic():
        history = lock(looked_for.payout_id)
        attempt = history.attempt(looked_for.pk)
        if attempt is None or attempt.status != AttemptStatus.OPEN:
            return None
        if isinstance(found, Failure) or not proven_absent(attempt, now=now):
            return _follow(history, look_again(attempt, now=now, moves=leg.unknown(history)), now=now)
        ended = attempts.ended_without_effect(attempt, now=now)
        return _follow(history, replace(leg.absent(history, now=now), update=ended), now=now)


def _take_in_answer(payout_id: UUID, question: Question, answer: Any, *, now: datetime) -> Call | None:
    _record_found(answer, payout_id=payout_id, now=now)
    with transaction.atomic():
        history = lock(payout_id)
        arrived_in = answer.currency if isinstance(answer, Arrival) else ""
        circumstances = circumstances_of(history, arrived_in=arrived_in)
        decision = question.decide(history, circumstances, answer, now=now)
        if decision.new_attempt and circumstances.paused:
            decision = Decision(changes={"next_retry_at": now})
        return _follow(history, decision, now=now)


def _record_found(found: Any, *, payout_id: UUID, now: datetime) -> None:
    """Record what Stripe listed, one after the other; an answer of another kind is no list."""
    if isinstance(found, list):
        for made in found:
            recording.record_made(made, payout_id=payout_id, now=now)


def _failed(
    leg: Leg, history: History, attempt: PayoutAttempt, failure: Failure, *, now: datetime
) -> Decision:
    """Judge a send that failed; once the attempt has ended otherwise, the failure says nothing."""
    if attempt.status != AttemptStatus.OPEN:
        return NOTHING
    verdict = policy.verdict(failure, attempt=attempt)
    update = attempts.failed(attempt, failure, verdict, now=now)
    decision = leg.failed(history, attempts.after(update), failure, verdict, now=now)
    pause = [PauseForKey(failure)] if verdict == Verdict.KEY_REFUSED else []
    return replace(decision, update=update, effects=[*decision.effects, *pause])


def _follow(history: History, decision: Decision, *, now: datetime) -> Call | None:
    """Write a decision; return the call that comes next, for which the payout is leased."""
    if decision.new_attempt:
        sent = attempts.sent_first(decision.new_attempt, now=now)
        attempt = carry_out(history, decision, now=now, lease=_lease(now), new_attempt=sent)
        assert attempt is not None
        return Send(LEGS[AttemptKind(attempt.kind)], attempt)
    if decision.question:
        carry_out(history, decision, now=now, lease=_lease(now))
        return Ask(history.payout.pk, decision.question)
    carry_out(history, decision, now=now)
    return None


def _lease(now: datetime) -> PayoutChanges:
    """Keep the payout for one call; whoever dies meanwhile loses it to another worker."""
    return {"next_retry_at": now + policy.LEASE, "taken_at": now}
