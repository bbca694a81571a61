"""What decisions about a payout depend on: its own history, and its circumstances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.models import CreatorPaymentAccount
from database import sql
from money.currencies import payout_step
from payouts import selectors
from payouts.errors import UnknownPayout
from payouts.gateway import Transfer
from payouts.identity import Identity
from payouts.models import Payout, PayoutAttempt
from payouts.services.deciding import gate, run_size
from payouts.states import AttemptKind, AttemptStatus
from stripe_io import installation

_FOLDER = Path(__file__).parent
# A statement about a `payout`: whether anything stops it.
PAUSED = sql.read(
    _FOLDER / "paused.sql",
    pausing=selectors.PAUSING,
    waits_for_its_run=run_size.WAITS_FOR_ITS_RUN,
    gate=gate.OPEN,
)
_LOCK = sql.read(_FOLDER / "lock.sql")
_CIRCUMSTANCES = sql.read(_FOLDER / "circumstances.sql", paused=PAUSED)
_ATTEMPTS = "SELECT * FROM payout_attempts WHERE payout_id = %(payout)s ORDER BY created_at, id"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who pays whom, and for earnings before which day: the parts of a payout's identity that it has elsewhere.

    `creator` is the creator's external id.
    """

    installation: UUID
    creator: str
    cutoff: date


@dataclass(frozen=True, slots=True)
class History:
    """A payout with all its attempts, oldest first."""

    payout: Payout
    subject: Subject
    attempts: Sequence[PayoutAttempt] = ()

    def identity(self, kind: AttemptKind, *, number: int) -> Identity:
        """Return the identity of the payout's attempt of this kind and number."""
        return Identity(
            installation=self.subject.installation,
            creator=self.subject.creator,
            currency=self.payout.currency,
            cutoff=self.subject.cutoff,
            ordinal=self.payout.ordinal,
            reference=self.payout.reference,
            kind=kind,
            number=number,
        )

    def of_kind(self, kind: AttemptKind) -> list[PayoutAttempt]:
        return [attempt for attempt in self.attempts if attempt.kind == kind]

    def attempt(self, attempt_id: UUID | None) -> PayoutAttempt | None:
        return next((attempt for attempt in self.attempts if attempt.pk == attempt_id), None)

    def may_have(self, transfer: Transfer) -> bool:
        """Return whether a transfer of the payout's group may be this payout's: it names no other one."""
        return transfer.reference in ("", self.payout.reference)

    @property
    def open_attempt(self) -> PayoutAttempt | None:
        return next((attempt for attempt in self.attempts if attempt.status == AttemptStatus.OPEN), None)

    @property
    def last_reversal(self) -> PayoutAttempt | None:
        return next(reversed(self.of_kind(AttemptKind.REVERSAL)), None)

    def was_refused(self, kind: AttemptKind) -> bool:
        return any(attempt.status == AttemptStatus.REFUSED for attempt in self.of_kind(kind))

    @property
    def transfer(self) -> PayoutAttempt | None:
        """The attempt by which leg one succeeded."""
        sent = (attempt for attempt in self.of_kind(AttemptKind.TRANSFER) if attempt.stripe_id)
        return next(
            (attempt for attempt in sent if attempt.stripe_id == self.payout.stripe_transfer_id), None
        )

    @property
    def sent_at(self) -> datetime | None:
        """When leg one succeeded."""
        return self.transfer.ended_at if self.transfer else None

    @property
    def destination(self) -> str:
        """The account that leg one went to, even if the creator now has another; empty before leg one."""
        return self.transfer.destination if self.transfer else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What else decides whether a payout may be sent now.

    `account` is the creator's live Stripe account, or None. `left_behind` is what earlier payouts to the destination
    left there because its bank accepts whole units only, in minor units; negative if one took too much.
    `on_schedule`: the account is known to be on the payout schedule that BANK_PAYOUTS_BY_STRIPE wants.
    """

    paused: bool = False
    held: bool = False
    cooling_down: bool = False
    another_is_unresolved: bool = False
    account: str | None = None
    account_payable: bool = False
    account_synced_at: datetime | None = None
    on_schedule: bool = True
    bank_account_since: datetime | None = None
    foreign_bank_payout: bool = False
    returned_at: datetime | None = None
    left_behind: int = 0


def lock(payout_id: UUID) -> History:
    """Lock a payout until the caller's transaction ends, and read its history.

    The lock is a separate statement, so the history includes everything committed before the lock was granted.

    Raises: UnknownPayout.
    """
    for payout in Payout.objects.raw(_LOCK, {"payout": payout_id}):
        read: dict[str, Any] = vars(payout)
        subject = Subject(
            installation=read["installation_uuid"] or installation.remembered().uuid,
            creator=read["creator_external_id"],
            cutoff=read["cutoff"],
        )
        attempts = list(PayoutAttempt.objects.raw(_ATTEMPTS, {"payout": payout_id}))
        return History(payout, subject, attempts)
    raise UnknownPayout(payout_id)


def circumstances_of(history: History, *, arrived_in: str = "") -> Circumstances:
    """Read a locked payout's circumstances; `arrived_in` is its money's currency at the destination."""
    params = {
        "payout": history.payout.pk,
        "destination": history.destination,
        "by_stripe": settings.BANK_PAYOUTS_BY_STRIPE,
    }
    (row,) = sql.rows(_CIRCUMSTANCES, params)
    return Circumstances(**row, left_behind=_left_behind(history, currency=arrived_in))


def _left_behind(history: History, *, currency: str) -> int:
    if payout_step(currency) == 1:
        return 0
    # Without the lock, two payouts to one account could both take the same remainder.
    CreatorPaymentAccount.objects.select_for_update(no_key=True).get(stripe_account_id=history.destination)
    return selectors.left_behind(history.destination, currency=currency, except_for=history.payout)
