"""Payouts whose money lies on the connected account: sent to the bank again, or taken back."""

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

# What would be refused again however often it is sent.
NOT_SENT_AGAIN = frozenset(["account_gone", "amount_too_large", "amount_too_small"])


def prepare(history: History, circumstances: Circumstances, *, now: datetime) -> Decision:
    """Take the money back, ask whether it can be sent to the bank again, or look later.

    It is sent again as soon as Stripe has a bank account that takes it, unless the creator is held. It is taken
    back when that hasn't come about for long, when the creator has another Stripe account by now, and when no
    bank account could take it.
    """
    payout = history.payout
    if _is_to_be_taken_back(history, circumstances, now=now):
        return Decision(new_attempt=reversals.new_attempt(history))
    if settings.BANK_PAYOUTS_BY_STRIPE or payout.amount_reversed or circumstances.held:
        return _later(now)
    question = BankAccountQuestion(history.destination, payout.bank_currency or payout.currency)
    return Decision(question=question)


@dataclass(frozen=True, slots=True)
class BankAccountQuestion:
    """Has the connected account a bank account that takes payouts in this currency?"""

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
            moves=[Move(PayoutStatus.IN_TRANSIT, "the bank account takes payouts")],
            changes={
                "stripe_payout_id": "",
                "arrival_date": None,
                "failure_code": "",
                "failure_message": "",
                "next_retry_at": now,
            },
            question=ArrivalQuestion(payout.destination_payment, history.destination),
        )


def _is_to_be_taken_back(history: History, circumstances: Circumstances, *, now: datetime) -> bool:
    tried = history.last_reversal
    if tried is not None and tried.ended_at and now - tried.ended_at < policy.REVERSE_AGAIN_AFTER:
        return False
    since = circumstances.returned_at
    return (
        (since is not None and now - since >= policy.REVERSE_RETURNED_AFTER)
        or history.payout.failure_code in NOT_SENT_AGAIN
        or circumstances.account != history.destination
    )


def _later(now: datetime) -> Decision:
    return Decision(changes={"next_retry_at": now + policy.LOOK_AT_RETURNED})
