"""Leg two: the bank payout, from the connected account to its bank."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from money.currencies import payable_part
from payouts import gateway, policy
from payouts.gateway import Arrival, BankPayout
from payouts.models import DifferenceKind, Payout, PayoutAttempt
from payouts.policy import Verdict
from payouts.services.moves import Move, PayoutChanges
from payouts.services.sending import attempts
from payouts.services.sending.decision import NOTHING, Decision
from payouts.services.sending.effects import OpenDifference, RecordForeignBankPayout, SettleDifference
from payouts.services.sending.history import Circumstances, History
from payouts.services.sending.legs import (
    AsksWhatArrived,
    after_absence,
    differences_of,
    failure_columns,
    recorded_before,
    try_again,
)
from payouts.states import ENDED_BADLY, AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure

KIND = AttemptKind.BANK_PAYOUT
ENDED = frozenset(["paid", *ENDED_BADLY])
ACCOUNT_GONE = Move(PayoutStatus.RETURNED, "we can no longer use the Stripe account")


@dataclass(frozen=True, slots=True)
class ArrivalQuestion(AsksWhatArrived):
    """What did the transfer bring to the connected account, and can it be paid out?"""

    def decide(
        self,
        history: History,
        circumstances: Circumstances,
        answer: Arrival | Failure | None,
        *,
        now: datetime,
    ) -> Decision:
        payout = history.payout
        waits = payout.status == PayoutStatus.IN_TRANSIT and not payout.stripe_payout_id
        if not waits or history.open_attempt is not None:
            return NOTHING
        if isinstance(answer, Failure):
            return _unreachable(history, answer, now=now)
        if answer is None:
            return _not_arrived(history, "Stripe shows no balance transaction for it", now=now)
        return start(history, circumstances, answer, now=now)


@dataclass(frozen=True, slots=True)
class BankPayoutQuestion:
    """What is the bank payout's outcome?"""

    stripe_payout_id: str
    account: str

    def ask(self) -> BankPayout:
        return gateway.retrieve_bank_payout(stripe_payout_id=self.stripe_payout_id, account=self.account)

    def decide(
        self, history: History, circumstances: Circumstances, answer: BankPayout | Failure, *, now: datetime
    ) -> Decision:
        if history.payout.status != PayoutStatus.IN_TRANSIT:
            return NOTHING
        later = Decision(changes={"next_retry_at": now + policy.CONFIRM_AFTER})
        # The bank payout may still be in progress, even on an account that we can no longer reach.
        if isinstance(answer, Failure):
            return later
        ended = settle(history, answer, now=now)
        return later if ended is NOTHING else ended


def start(history: History, circumstances: Circumstances, arrival: Arrival, *, now: datetime) -> Decision:
    """Choose what goes to the bank, unless it must wait for funds or for staff.

    Some banks accept whole units only. What an earlier payout left on the account for that reason is included.
    """
    decision = _choose(history, circumstances, arrival, now=now)
    return replace(decision, effects=_arrived_after_all(history, now=now))


def _choose(history: History, circumstances: Circumstances, arrival: Arrival, *, now: datetime) -> Decision:
    if arrival.available_on > now:
        return Decision(changes={"next_retry_at": arrival.available_on})
    if circumstances.cooling_down:
        # The bank account may now be somebody else's. Staff may end the cool-down early, so check often.
        return Decision(changes={"next_retry_at": now + policy.WAIT_FOR_ACCOUNT})
    if history.payout.amount_reversed or circumstances.foreign_bank_payout:
        return Decision(changes={"next_retry_at": now + policy.WAIT_FOR_PERSON})
    amount = payable_part(arrival.amount + circumstances.left_behind, arrival.currency)
    if not amount:
        return Decision(
            moves=[Move(PayoutStatus.RETURNED, "too little for a bank payout")],
            changes={"failure_code": "amount_too_small", "next_retry_at": now},
        )
    attempt = attempts.new_attempt(
        history, kind=KIND, destination=history.destination, amount=amount, currency=arrival.currency
    )
    return Decision(
        changes={
            "arrival_amount": arrival.amount,
            "bank_amount": amount,
            "bank_currency": arrival.currency,
        },
        new_attempt=attempt,
    )


def may_send_again(history: History, circumstances: Circumstances) -> bool:
    return True


def send(attempt: PayoutAttempt) -> BankPayout:
    return gateway.create_bank_payout(attempt)


def find(attempt: PayoutAttempt) -> list[BankPayout]:
    return gateway.find_bank_payouts(attempt)


def succeeded(history: History, attempt: PayoutAttempt, made: BankPayout, *, now: datetime) -> Decision:
    """Record, once, that the bank payout is on its way.

    A bank payout found after its attempt had ended without effect is the payout's own if the payout has no other.
    Otherwise it is one too many.
    """
    payout = history.payout
    if attempt.stripe_id:
        return recorded_before(attempt, made) if attempt.stripe_id == made.id else NOTHING
    update = attempts.succeeded(
        attempt,
        stripe_id=made.id,
        request_id=made.request_id,
        external_account=made.external_account,
        now=now,
    )
    open_attempt = history.open_attempt
    wanted = (open_attempt is None or open_attempt.pk == attempt.pk) and not payout.stripe_payout_id
    if not wanted or payout.status not in (PayoutStatus.IN_TRANSIT, PayoutStatus.RETURNED):
        return Decision(update=update, effects=[RecordForeignBankPayout(made)])
    found = Move(PayoutStatus.IN_TRANSIT, f"bank payout {made.id} was found at Stripe")
    return Decision(
        moves=[found] if payout.status == PayoutStatus.RETURNED else [],
        changes={
            "stripe_payout_id": made.id,
            "arrival_date": made.arrival_date,
            "next_retry_at": now + policy.CONFIRM_AFTER,
        },
        update=update,
    )


def settle(history: History, bank_payout: BankPayout, *, now: datetime) -> Decision:
    """Decide by the outcome of a bank payout that we started; that of an earlier attempt changes only the attempt.

    Without an outcome, or with one that is already recorded, nothing changes.
    """
    payout = history.payout
    attempts_of_kind = history.of_kind(KIND)
    attempt = next((attempt for attempt in attempts_of_kind if attempt.stripe_id == bank_payout.id), None)
    if attempt is None or attempt.status != AttemptStatus.SUCCEEDED:
        return NOTHING
    is_current = payout.stripe_payout_id == bank_payout.id
    if not bank_payout.failed:
        if not is_current:
            return NOTHING
        has_arrived = bank_payout.status == "paid" and payout.status == PayoutStatus.IN_TRANSIT
        return _paid(history, bank_payout) if has_arrived else _traced(payout, bank_payout)
    code, message, outcome = bank_payout.failure_code, bank_payout.failure_message, bank_payout.status
    if bank_payout.came_back:
        code, message = "reversed", f"Payout {bank_payout.reversed_by} took it back from the bank."
        outcome = f"was reversed by {bank_payout.reversed_by}"
    update = attempts.returned(attempt, failure_code=code, failure_message=message)
    if not is_current or payout.status not in (PayoutStatus.IN_TRANSIT, PayoutStatus.PAID):
        return Decision(update=update)
    return Decision(
        moves=[Move(PayoutStatus.RETURNED, f"bank payout {bank_payout.id} {outcome}")],
        changes={
            "failure_code": code,
            "failure_message": message,
            "next_retry_at": now + policy.LOOK_AT_RETURNED,
        },
        update=update,
    )


def failed(
    history: History, attempt: PayoutAttempt, failure: Failure, verdict: Verdict, *, now: datetime
) -> Decision:
    earlier = [other for other in history.of_kind(KIND) if other.pk != attempt.pk]
    short = [attempt, *takewhile(is_short, reversed(earlier))]
    missing = verdict == Verdict.SHORT and now - short[-1].created_at > policy.FUNDS_MISSING_AFTER
    if verdict == Verdict.REFUSED or missing:
        return Decision(
            moves=[Move(PayoutStatus.RETURNED, "the bank payout was refused")],
            changes={"next_retry_at": now + policy.LOOK_AT_RETURNED, **failure_columns(failure)},
            effects=differences_of(history.payout, attempt, failure),
        )
    if verdict == Verdict.SHORT:
        return Decision(changes={"next_retry_at": policy.next_try_for_funds(len(short), now=now)})
    return try_again(attempt, now=now)


def is_short(attempt: PayoutAttempt) -> bool:
    """Return whether Stripe refused the attempt for lack of funds."""
    return attempt.status == AttemptStatus.REFUSED and attempt.error_code == "balance_insufficient"


def absent(history: History, *, now: datetime) -> Decision:
    return after_absence(history, KIND, now=now)


def unknown(history: History) -> Sequence[Move]:
    return []


def _paid(history: History, bank_payout: BankPayout) -> Decision:
    payout = history.payout
    changes: PayoutChanges = {
        "arrival_date": bank_payout.arrival_date or payout.arrival_date,
        "trace_id": bank_payout.trace_id,
        "trace_status": bank_payout.trace_status,
        "next_retry_at": None,
    }
    return Decision(
        moves=[Move(PayoutStatus.PAID, f"bank payout {bank_payout.id}")],
        changes=changes,
        effects=[
            SettleDifference(
                DifferenceKind.REVERSAL_REFUSED,
                payout.stripe_transfer_id,
                f"bank payout {bank_payout.id} took it to the bank",
            )
        ],
    )


def _traced(payout: Payout, bank_payout: BankPayout) -> Decision:
    """Keep by what the bank finds the payment, which Stripe may tell days after it was paid."""
    told = (bank_payout.trace_id, bank_payout.trace_status)
    if payout.status != PayoutStatus.PAID or told in [("", ""), (payout.trace_id, payout.trace_status)]:
        return NOTHING
    return Decision(changes={"trace_id": bank_payout.trace_id, "trace_status": bank_payout.trace_status})


def _arrived_after_all(history: History, *, now: datetime) -> list[SettleDifference]:
    if history.sent_at is None or now - history.sent_at < policy.ARRIVAL_MISSING_AFTER:
        return []
    transfer_id = history.payout.stripe_transfer_id
    return [SettleDifference(DifferenceKind.ARRIVAL_UNKNOWN, transfer_id, "Stripe shows what arrived")]


def _not_arrived(history: History, detail: str, *, now: datetime) -> Decision:
    """Wait until Stripe says what the transfer brought; after a day, open a difference too."""
    payout, sent_at = history.payout, history.sent_at or now
    difference = OpenDifference(
        DifferenceKind.ARRIVAL_UNKNOWN,
        payout.stripe_transfer_id,
        payout.net,
        f"What the transfer brought is unknown: {detail}",
        history.destination,
    )
    return Decision(
        changes={"next_retry_at": policy.next_look_at_arrival(sent_at, now=now)},
        effects=[difference] if now - sent_at >= policy.ARRIVAL_MISSING_AFTER else [],
    )


def _unreachable(history: History, failure: Failure, *, now: datetime) -> Decision:
    if not policy.loses_account(failure):
        return _not_arrived(history, failure.message, now=now)
    return Decision(moves=[ACCOUNT_GONE], changes={"failure_code": "account_gone", "next_retry_at": now})
