"""Before leg two under a new key: has a database that was lost since already paid the bank?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from payouts import policy
from payouts.gateway import Arrival, BankPayout, listing
from payouts.models import DifferenceKind
from payouts.services.moves import AttemptColumns
from payouts.services.sending import attempts
from payouts.services.sending.bank_payouts import ArrivalQuestion, BankPayoutQuestion
from payouts.services.sending.decision import NOTHING, Decision, Question
from payouts.services.sending.effects import SettleDifference, WriteAttempt
from payouts.services.sending.history import Circumstances, History
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.client import CLOCK_SKEW
from stripe_io.errors import Failure

KIND = AttemptKind.BANK_PAYOUT


def prepare(history: History, circumstances: Circumstances, *, now: datetime) -> Decision:
    """Ask Stripe for the bank payout whose webhook hasn't come; without one, what there is to pay out."""
    payout = history.payout
    if payout.stripe_payout_id:
        return Decision(question=BankPayoutQuestion(payout.stripe_payout_id, history.destination))
    return Decision(question=next_question(history, circumstances, now=now))


def next_question(history: History, circumstances: Circumstances, *, now: datetime) -> Question:
    """Ask what arrived; before that, what went to the bank, unless Stripe would only repeat it under its key.

    A lost bank payout had the key that this database would send next, and Stripe repeats its answer for a day. It is
    no older than the transfer. After a restore neither needs to be so: the transfer was adopted, which leaves it in
    doubt, or the event of a bank payout that nobody here started came first.
    """
    transfer = history.transfer
    arrival = ArrivalQuestion(history.payout.destination_payment, history.destination)
    if transfer is None or transfer.first_sent_at is None:
        return arrival
    its_key_lives = policy.key_lives(transfer, now=now)
    if its_key_lives and not transfer.in_doubt and not circumstances.foreign_bank_payout:
        return arrival
    return EarlierBankPayouts(
        account=history.destination,
        since=transfer.first_sent_at - CLOCK_SKEW,
        reference=transfer.metadata.get("reference", history.payout.reference),
        arrival=arrival,
    )


@dataclass(frozen=True, slots=True)
class Earlier:
    """The payout's bank payouts at Stripe, in the order in which they were made, and what its transfer brought."""

    bank_payouts: Sequence[BankPayout]
    arrival: Arrival | None


@dataclass(frozen=True, slots=True)
class EarlierBankPayouts:
    """Which bank payouts of the payout does Stripe already have?"""

    account: str
    since: datetime
    reference: str
    arrival: ArrivalQuestion

    def ask(self) -> Earlier:
        listed = listing.list_bank_payouts(self.account, since=self.since)
        ours = [each for each in listed if isinstance(each, BankPayout) and each.reference == self.reference]
        return Earlier(ours[::-1], self.arrival.ask() if ours else None)

    def decide(
        self, history: History, circumstances: Circumstances, answer: Earlier | Failure, *, now: datetime
    ) -> Decision:
        """Take over those that no attempt here has made; without any, go on."""
        payout = history.payout
        waits = payout.status == PayoutStatus.IN_TRANSIT and not payout.stripe_payout_id
        if not waits or history.open_attempt is not None:
            return NOTHING
        if isinstance(answer, Failure):
            return Decision(changes={"next_retry_at": now + policy.WAIT_FOR_FUNDS})
        known = {attempt.stripe_id for attempt in history.of_kind(KIND)}
        lost = [made for made in answer.bank_payouts if made.id not in known]
        if not lost:
            return Decision(question=self.arrival)
        *failed, last = lost
        return Decision(
            changes={
                "stripe_payout_id": last.id,
                "arrival_amount": answer.arrival.amount if answer.arrival else None,
                "bank_amount": last.amount,
                "bank_currency": last.currency,
                "arrival_date": last.arrival_date,
                "next_retry_at": now,
            },
            effects=[
                *(WriteAttempt(_attempt(history, made, AttemptStatus.RETURNED, now=now)) for made in failed),
                WriteAttempt(_attempt(history, last, AttemptStatus.SUCCEEDED, now=now)),
                *(
                    SettleDifference(DifferenceKind.FOREIGN_BANK_PAYOUT, made.id, "it is the payout's own")
                    for made in lost
                ),
            ],
        )


def _attempt(history: History, made: BankPayout, status: AttemptStatus, *, now: datetime) -> AttemptColumns:
    sent = attempts.lost(history, made, kind=KIND, destination=made.account)
    return {
        **sent,
        "status": status.value,
        "stripe_id": made.id,
        "answered": True,
        "ended_at": now,
    }
