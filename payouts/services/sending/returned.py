"""Returned payouts: their money is on the connected account, and is sent to the bank again or taken back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from django.conf import settings

from database.staff import SYSTEM, Act
from payouts import gateway, policy
from payouts.models import PayoutAttempt
from payouts.services.moves import Move
from payouts.services.sending import coming_back, earlier_bank_payouts, reversals
from payouts.services.sending.bank_payouts import is_short
from payouts.services.sending.decision import NOTHING, Decision
from payouts.services.sending.history import Circumstances, History
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure

# Failures that sending again can't fix.
NOT_SENT_AGAIN = frozenset(["account_gone", "amount_too_large", "amount_too_small"])


def prepare(history: History, circumstances: Circumstances, *, now: datetime) -> Decision:
    """Take the money back, ask whether it can be sent to the bank again, or check later.

    It is sent again as soon as Stripe has a bank account that accepts it, unless the creator is held. It is taken back
    if that doesn't happen for too long, if the creator now has another Stripe account, or if no bank account could
    accept it. Once people have placed what came back of it, they decide about the rest as well.
    """
    if history.payout.amount_placed:
        return _later(now)
    return _prepare(history, circumstances, now=now)


def _prepare(history: History, circumstances: Circumstances, *, now: datetime) -> Decision:
    payout, wanted = history.payout, wanted_by_staff(history)
    if payout.amount_reversed == payout.net_amount:
        return coming_back.end_reversed(history, back=payout.net_amount, now=now)
    if (going_on := reversals.ask_for_less(history, now=now)) is not None:
        return going_on
    if _must_be_taken_back(history, circumstances, now=now):
        return Decision(new_attempt=reversals.new_attempt(history, act=wanted))
    if settings.BANK_PAYOUTS_BY_STRIPE or payout.amount_reversed or circumstances.held or wanted:
        return _later(now)
    again_at = _send_again_at(history, circumstances)
    if again_at is not None and again_at > now:
        # The bank account may be replaced before then.
        return Decision(changes={"next_retry_at": min(again_at, now + policy.LOOK_AT_RETURNED)})
    question = BankAccountQuestion(history.destination, payout.bank_currency or payout.currency)
    return Decision(question=question)


@dataclass(frozen=True, slots=True)
class BankAccountQuestion:
    """Does the connected account have a bank account that accepts payouts in this currency?"""

    account: str
    currency: str

    def ask(self) -> bool:
        return gateway.takes_bank_payouts(self.account, currency=self.currency)

    def decide(
        self, history: History, circumstances: Circumstances, answer: bool | Failure, *, now: datetime
    ) -> Decision:
        payout = history.payout
        if payout.status != PayoutStatus.RETURNED or history.open_attempt is not None:
            return NOTHING
        current = prepare(history, circumstances, now=now)
        if current.question != self:  # a hold, say, or staff who want the money back
            return current
        if isinstance(answer, Failure) or not answer:
            return _later(now)
        return Decision(
            moves=[Move(PayoutStatus.IN_TRANSIT, f"the bank account accepts payouts{_withdrawn(history)}")],
            changes={
                "stripe_payout_id": "",
                "arrival_date": None,
                "trace_id": "",
                "trace_status": "",
                "failure_code": "",
                "failure_message": "",
                "next_retry_at": now,
            },
            question=earlier_bank_payouts.next_question(history, circumstances, now=now),
        )


def _must_be_taken_back(history: History, circumstances: Circumstances, *, now: datetime) -> bool:
    tried = history.last_reversal
    if tried is not None and tried.ended_at and now - tried.ended_at < policy.REVERSE_AGAIN_AFTER:
        return False
    if reversals.refusals_of_the_whole(history) >= policy.REVERSALS_UNASKED:
        return False
    since = circumstances.returned_at
    return (
        wanted_by_staff(history) is not None
        or (since is not None and now - since >= policy.REVERSE_RETURNED_AFTER)
        or len(_refusals(history, circumstances)) > len(policy.SEND_AGAIN_AFTER)
        or history.payout.failure_code in NOT_SENT_AGAIN
        or circumstances.account != history.destination
    )


def wanted_by_staff(history: History) -> Act | None:
    """Return who in staff asked for the money, and why, unless they have withdrawn that.

    Until then it goes to no bank, however often Stripe refuses the reversal.
    """
    for attempt in reversed(history.of_kind(AttemptKind.REVERSAL)):
        if attempt.withdrawn_at:
            return None
        if attempt.requested_by != SYSTEM:
            return Act(attempt.requested_by, attempt.request_reason, recorded_id=attempt.request_act_id)
    return None


def _withdrawn(history: History) -> str:
    attempt = history.last_reversal
    if attempt is None or attempt.withdrawn_at is None:
        return ""
    return f", and {attempt.withdrawn_by} withdrew the reversal: {attempt.withdraw_reason}"


def _send_again_at(history: History, circumstances: Circumstances) -> datetime | None:
    """Return when a bank payout that Stripe refused is sent again; None if none was refused."""
    refusals = _refusals(history, circumstances)
    if not refusals or refusals[-1].ended_at is None:
        return None
    step = min(len(refusals), len(policy.SEND_AGAIN_AFTER)) - 1
    return refusals[-1].ended_at + policy.SEND_AGAIN_AFTER[step]


def _refusals(history: History, circumstances: Circumstances) -> list[PayoutAttempt]:
    """Return the bank payouts to the current bank account that Stripe refused in a row.

    A lack of funds only counts once they have been missing for long.
    """
    since = circumstances.bank_account_since
    sent = [
        attempt
        for attempt in _without_short_waits(history.of_kind(AttemptKind.BANK_PAYOUT))
        if since is None or attempt.ended_at is None or attempt.ended_at > since
    ]
    return list(takewhile(lambda attempt: attempt.status == AttemptStatus.REFUSED, reversed(sent)))[::-1]


def _without_short_waits(attempts: Sequence[PayoutAttempt]) -> Iterator[PayoutAttempt]:
    short_since: datetime | None = None
    for attempt in attempts:
        short_since = (short_since or attempt.created_at) if is_short(attempt) else None
        ended_at = attempt.ended_at or attempt.created_at
        if short_since is None or ended_at - short_since > policy.FUNDS_MISSING_AFTER:
            yield attempt


def _later(now: datetime) -> Decision:
    return Decision(changes={"next_retry_at": now + policy.LOOK_AT_RETURNED})
