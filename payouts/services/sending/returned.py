"""Returned payouts: their money is on the connected account, and is sent to the bank again or taken back."""

from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from django.conf import settings

from database.staff import SYSTEM
from payouts import gateway, policy
from payouts.models import PayoutAttempt
from payouts.services.moves import Move
from payouts.services.sending import reversals
from payouts.services.sending.bank_payouts import ArrivalQuestion
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
    accept it.
    """
    payout = history.payout
    if _must_be_taken_back(history, circumstances, now=now):
        return Decision(new_attempt=reversals.new_attempt(history))
    if settings.BANK_PAYOUTS_BY_STRIPE or payout.amount_reversed or circumstances.held:
        return _later(now)
    if _is_wanted_back(history):
        return _later(now)
    if (again_at := _send_again_at(history, circumstances)) and again_at > now:
        return Decision(changes={"next_retry_at": again_at})
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
        if isinstance(answer, Failure) or not answer:
            return _later(now)
        return Decision(
            moves=[Move(PayoutStatus.IN_TRANSIT, "the bank account accepts payouts")],
            changes={
                "stripe_payout_id": "",
                "arrival_date": None,
                "failure_code": "",
                "failure_message": "",
                "next_retry_at": now,
            },
            question=ArrivalQuestion(payout.destination_payment, history.destination),
        )


def _must_be_taken_back(history: History, circumstances: Circumstances, *, now: datetime) -> bool:
    last = history.last_reversal
    if last is not None and last.ended_at and now - last.ended_at < policy.REVERSE_AGAIN_AFTER:
        return False
    since = circumstances.returned_at
    refused = _refused_in_a_row(history)
    if len(refused) > len(policy.SEND_AGAIN_AFTER) and not _bank_account_changed(refused[-1], circumstances):
        return True
    return (
        _is_wanted_back(history)
        or (since is not None and now - since >= policy.REVERSE_RETURNED_AFTER)
        or history.payout.failure_code in NOT_SENT_AGAIN
        or circumstances.account != history.destination
    )


def _is_wanted_back(history: History) -> bool:
    """Tell whether staff asked for the money, and Stripe refused so far: then it goes to no bank."""
    tried = history.last_reversal
    return tried is not None and tried.requested_by != SYSTEM


def _send_again_at(history: History, circumstances: Circumstances) -> datetime | None:
    """Return when what Stripe refused to send to the bank is sent again: once the bank account is another, at once."""
    refused = _refused_in_a_row(history)
    if not refused or len(refused) > len(policy.SEND_AGAIN_AFTER):
        return None
    last = refused[-1]
    if _bank_account_changed(last, circumstances) or last.ended_at is None:
        return None
    return last.ended_at + policy.SEND_AGAIN_AFTER[len(refused) - 1]


def _refused_in_a_row(history: History) -> list[PayoutAttempt]:
    """Return the bank payouts that Stripe refused since the last one that it made."""
    sent = history.of_kind(AttemptKind.BANK_PAYOUT)
    in_a_row = takewhile(lambda attempt: attempt.status == AttemptStatus.REFUSED, reversed(sent))
    return list(in_a_row)[::-1]


def _bank_account_changed(attempt: PayoutAttempt, circumstances: Circumstances) -> bool:
    since, ended = circumstances.bank_account_since, attempt.ended_at
    return since is not None and ended is not None and since > ended


def _later(now: datetime) -> Decision:
    return Decision(changes={"next_retry_at": now + policy.LOOK_AT_RETURNED})
