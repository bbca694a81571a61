"""What a decision can write along with the payout."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger import services as ledger
from ledger.models import AccountKind
from ledger.services import Line
from money import Money
from payouts.gateway import BankPayout, Transfer
from payouts.models import DifferenceKind, Payout, PayoutAttempt
from payouts.services import differences, moves
from payouts.services.deciding import funds, gate, pauses, refusals
from payouts.services.moves import AttemptColumns
from payouts.services.sending import unexpected
from stripe_io.errors import Failure


@dataclass(frozen=True, slots=True)
class Book:
    """Book one transaction of the payout's currency; `source_key` continues `payout:<id>:`."""

    source_key: str
    kind: str
    lines: Sequence[Line]

    def apply(self, payout: Payout, *, now: datetime) -> None:
        ledger.post(source_key=f"payout:{payout.pk}:{self.source_key}", kind=self.kind, lines=self.lines)


@dataclass(frozen=True, slots=True)
class ReleaseEarnings:
    """Release the earnings that the payout claimed; see `moves.release_earnings`."""

    held_in: AccountKind
    in_suspense: int = 0
    fx_loss: int = 0

    def apply(self, payout: Payout, *, now: datetime) -> None:
        moves.release_earnings(
            payout, held_in=self.held_in, in_suspense=self.in_suspense, fx_loss=self.fx_loss
        )


@dataclass(frozen=True, slots=True)
class WriteAttempt:
    """Write an attempt that has ended elsewhere: the engine doesn't send it."""

    attempt: AttemptColumns

    def apply(self, payout: Payout, *, now: datetime) -> None:
        moves.write(payout, new_attempt=self.attempt, now=now)


@dataclass(frozen=True, slots=True)
class OpenDifference:
    kind: DifferenceKind
    subject: str
    amount: Money
    detail: str
    account: str = ""

    def apply(self, payout: Payout, *, now: datetime) -> None:
        differences.open_difference(
            self.kind,
            subject=self.subject,
            amount=self.amount,
            detail=self.detail,
            payout=payout,
            account=self.account,
            now=now,
        )


@dataclass(frozen=True, slots=True)
class SettleDifference:
    kind: DifferenceKind
    subject: str
    reason: str

    def apply(self, payout: Payout, *, now: datetime) -> None:
        differences.settle(self.kind, subject=self.subject, reason=self.reason, now=now)


@dataclass(frozen=True, slots=True)
class RecordUnexpectedTransfer:
    transfer: Transfer

    def apply(self, payout: Payout, *, now: datetime) -> None:
        unexpected.record_transfer(payout, self.transfer, now=now)


@dataclass(frozen=True, slots=True)
class RecordForeignBankPayout:
    bank_payout: BankPayout

    def apply(self, payout: Payout, *, now: datetime) -> None:
        unexpected.record_bank_payout(self.bank_payout, payout=payout, now=now)


@dataclass(frozen=True, slots=True)
class PauseForKey:
    """Pause all sending because Stripe refuses our API key."""

    failure: Failure

    def apply(self, payout: Payout, *, now: datetime) -> None:
        pauses.pause_for_key(self.failure, now=now)


@dataclass(frozen=True, slots=True)
class PauseBehindStripe:
    """Pause all sending because Stripe knows the key of something that was never sent from here."""

    attempt: PayoutAttempt
    failure: Failure

    def apply(self, payout: Payout, *, now: datetime) -> None:
        detail = (
            f"Stripe has seen the key {self.attempt.idempotency_key} with other parameters, and this database had "
            f"never sent it. Was a backup restored? Run manage.py recover. Stripe says: {self.failure.message}"
        )
        gate.pause_behind_stripe(detail, now=now)


@dataclass(frozen=True, slots=True)
class PauseAfterRefusals:
    """Stop sending new payouts if Stripe refuses many creators alike."""

    def apply(self, payout: Payout, *, now: datetime) -> None:
        refusals.pause_after_refusals(payout, now=now)


@dataclass(frozen=True, slots=True)
class PauseForFunds:
    """Pause the payout's currency because Stripe refused the payout for lack of funds."""

    def apply(self, payout: Payout, *, now: datetime) -> None:
        funds.pause_after_refusal(payout, now=now)
