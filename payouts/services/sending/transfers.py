"""Leg one: the transfer from the platform's balance to the creator's connected account."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from accounts.errors import OpeningRefused, StripeAccountGone, StripeUnavailable
from accounts.models import CreatorPaymentAccount
from accounts.services.payment_accounts import keep_schedule
from ledger.models import AccountKind
from ledger.services import Line
from payouts import gateway, policy
from payouts.gateway import Transfer
from payouts.models import Payout, PayoutAttempt
from payouts.policy import Verdict
from payouts.services.moves import Move
from payouts.services.sending import attempts, fresh_accounts
from payouts.services.sending.bank_payouts import ArrivalQuestion
from payouts.services.sending.decision import NOTHING, Decision
from payouts.services.sending.effects import (
    Book,
    PauseAfterRefusals,
    PauseForFunds,
    RecordUnexpectedTransfer,
    ReleaseEarnings,
)
from payouts.services.sending.fresh_accounts import AccountQuestion
from payouts.services.sending.history import Circumstances, History
from payouts.services.sending.legs import (
    after_absence,
    differences_of,
    failure_columns,
    recorded_before,
    try_again,
)
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus
from stripe_io.errors import Failure

KIND = AttemptKind.TRANSFER
UNRESOLVED = Move(PayoutStatus.UNRESOLVED, "the transfer's outcome is unknown")


def prepare(history: History, circumstances: Circumstances, *, now: datetime) -> Decision:
    """Decide about a waiting payout: before a new key, make sure that no earlier one moved the money."""
    if history.of_kind(KIND):
        return Decision(question=EarlierTransfers(history.payout.transfer_group))
    return start(history, circumstances, now=now)


def start(history: History, circumstances: Circumstances, *, now: datetime) -> Decision:
    """Send a waiting payout, after a look at its account if that may have changed."""
    decision = _start(history, circumstances, now=now)
    if decision.new_attempt and circumstances.account and fresh_accounts.is_due(circumstances, now=now):
        return Decision(question=AccountQuestion(circumstances.account, go_on=_start))
    return decision


def _start(history: History, circumstances: Circumstances, *, now: datetime) -> Decision:
    """Open an attempt to send a waiting payout, unless its creator is held or can't be paid."""
    if circumstances.held:
        on_hold = Move(PayoutStatus.ON_HOLD, "the creator is on hold")
        return Decision(moves=[on_hold], changes={"next_retry_at": None})
    # The outcome of another of the creator's payouts, perhaps in another currency, is unknown.
    if circumstances.another_is_unresolved:
        return Decision(changes={"next_retry_at": now + policy.WAIT_FOR_PERSON})
    if not circumstances.account_payable or circumstances.account is None:
        return _not_payable("The Stripe account can't be paid right now.", now=now)
    if not circumstances.on_schedule:
        return Decision(question=ScheduleQuestion(circumstances.account))
    payout = history.payout
    attempt = attempts.new_attempt(
        history,
        kind=KIND,
        destination=circumstances.account,
        amount=payout.net_amount,
        currency=payout.currency,
    )
    return Decision(moves=[Move(PayoutStatus.PROCESSING, "sending")], new_attempt=attempt)


@dataclass(frozen=True, slots=True)
class ScheduleQuestion:
    """Is the account on the payout schedule that the settings want? If not, have Stripe change it.

    Otherwise Stripe would pay out what we pay out, or nobody would.
    """

    account: str

    def ask(self) -> str:
        """Return why it is not; empty if it is."""
        try:
            keep_schedule(CreatorPaymentAccount.objects.get(stripe_account_id=self.account))
        except (OpeningRefused, StripeAccountGone, StripeUnavailable) as error:
            return str(error)
        return ""

    def decide(
        self, history: History, circumstances: Circumstances, answer: str, *, now: datetime
    ) -> Decision:
        if history.payout.status != PayoutStatus.PENDING or history.open_attempt is not None:
            return NOTHING
        if not circumstances.on_schedule:
            return _not_payable(f"Its payout schedule can't be changed: {answer}", now=now)
        return start(history, circumstances, now=now)


@dataclass(frozen=True, slots=True)
class EarlierTransfers:
    """Which transfers of the payout's group does Stripe already have?"""

    transfer_group: str

    def ask(self) -> list[Transfer]:
        return gateway.find_transfers(self.transfer_group)

    def decide(
        self,
        history: History,
        circumstances: Circumstances,
        answer: list[Transfer] | Failure,
        *,
        now: datetime,
    ) -> Decision:
        """Send only if Stripe has none of this payout; those that it has are already recorded."""
        if history.payout.status != PayoutStatus.PENDING:
            return NOTHING
        if isinstance(answer, Failure):
            return Decision(changes={"next_retry_at": now + policy.WAIT_FOR_FUNDS})
        if any(history.may_have(transfer) for transfer in answer):
            return Decision(changes={"next_retry_at": now + policy.WAIT_FOR_PERSON})
        return start(history, circumstances, now=now)


def may_send_again(history: History, circumstances: Circumstances) -> bool:
    """Return whether to send again; once the creator has another account, the old transfer is only looked up."""
    attempt = history.open_attempt
    same_account = attempt is not None and circumstances.account == attempt.destination
    return same_account and history.payout.status == PayoutStatus.PROCESSING


def send(attempt: PayoutAttempt) -> Transfer:
    return gateway.create_transfer(attempt)


def find(attempt: PayoutAttempt) -> list[Transfer]:
    return gateway.find_transfers(attempt.payout.transfer_group)


def succeeded(history: History, attempt: PayoutAttempt, made: Transfer, *, now: datetime) -> Decision:
    """Book the transfer once, and continue to the bank; a transfer that no payout waits for is unexpected."""
    payout = history.payout
    if attempt.stripe_id == made.id:
        return recorded_before(attempt, made)
    if attempt.stripe_id:
        return unexpected(made)
    update = attempts.succeeded(attempt, stripe_id=made.id, request_id=made.request_id, now=now)
    if attempt.status != AttemptStatus.OPEN and payout.status != PayoutStatus.PENDING:
        return Decision(update=update, effects=[RecordUnexpectedTransfer(made)])
    moves = [Move(PayoutStatus.IN_TRANSIT, f"transfer {made.id}")]
    if payout.status == PayoutStatus.PENDING:
        moves.insert(0, Move(PayoutStatus.PROCESSING, f"transfer {made.id} was found at Stripe"))
    if settings.BANK_PAYOUTS_BY_STRIPE:
        moves.append(Move(PayoutStatus.PAID, "Stripe pays the bank by its own schedule"))
    return Decision(
        moves=moves,
        changes={
            "stripe_transfer_id": made.id,
            "destination_payment": made.destination_payment,
            "failure_code": "",
            "failure_message": "",
            "next_retry_at": None if settings.BANK_PAYOUTS_BY_STRIPE else now,
        },
        update=update,
        effects=[_sent(payout)],
        question=None
        if settings.BANK_PAYOUTS_BY_STRIPE
        else ArrivalQuestion(made.destination_payment, attempt.destination),
    )


def failed(
    history: History, attempt: PayoutAttempt, failure: Failure, verdict: Verdict, *, now: datetime
) -> Decision:
    if verdict == Verdict.REFUSED:
        why, first_failed_at = failure_columns(failure), history.payout.first_failed_at or now
        return Decision(
            moves=[Move(PayoutStatus.FAILED, "refused by Stripe")],
            changes={
                **why,
                "first_failed_at": first_failed_at,
                "next_retry_at": policy.retry_at(
                    why["failure_code"], first_failed_at=first_failed_at, now=now
                ),
            },
            effects=[
                ReleaseEarnings(AccountKind.PAYOUTS_RESERVED),
                *differences_of(history.payout, attempt, failure),
                PauseAfterRefusals(),
            ],
        )
    if verdict == Verdict.SHORT:
        return Decision(
            moves=[Move(PayoutStatus.PENDING, "the Stripe balance is too low")],
            changes={"next_retry_at": now, **failure_columns(failure)},
            effects=[PauseForFunds()],
        )
    exhausted = attempt.sends >= policy.UNRESOLVED_AFTER_SENDS or not policy.may_send_again(attempt, now=now)
    return try_again(attempt, now=now, moves=unknown(history) if attempt.in_doubt and exhausted else ())


def absent(history: History, *, now: datetime) -> Decision:
    again = after_absence(history, KIND, now=now)
    return replace(again, moves=[Move(PayoutStatus.PENDING, "never arrived at Stripe")])


def unknown(history: History) -> Sequence[Move]:
    return [UNRESOLVED] if history.payout.status == PayoutStatus.PROCESSING else []


def _not_payable(message: str, *, now: datetime) -> Decision:
    return Decision(
        changes={
            "next_retry_at": now + policy.WAIT_FOR_ACCOUNT,
            "failure_code": "account_not_payable",
            "failure_message": message,
        }
    )


def unexpected(transfer: Transfer) -> Decision:
    """Record a transfer that names the payout, and that none of its attempts made."""
    return Decision(effects=[RecordUnexpectedTransfer(transfer)])


def _sent(payout: Payout) -> Book:
    return Book(
        source_key="sent",
        kind="payout_sent",
        lines=(
            Line(AccountKind.PAYOUTS_RESERVED, -payout.net, creator_id=payout.creator_id),
            Line(AccountKind.STRIPE_BALANCE, payout.net),
        ),
    )
