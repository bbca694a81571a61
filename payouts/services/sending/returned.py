"""Returned payouts: their money is on the connected account, and is sent to the bank again or taken back."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from payouts import gateway, policy
from payouts.services.moves import Move
from payouts.services.sending import reversals
from payouts.services.sending.bank_payouts import ArrivalQuestion
from payouts.services.sending.decision import NOTHING, Decision
from payouts.services.sending.history import Circumstances, History
from payouts.states import PayoutStatus
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
    return (
        (since is not None and now - since >= policy.REVERSE_RETURNED_AFTER)
        or history.payout.failure_code in NOT_SENT_AGAIN
        or circumstances.account != history.destination
    )


def _later(now: datetime) -> Decision:
    return Decision(changes={"next_retry_at": now + policy.LOOK_AT_RETURNED})
