"""Looking for what Stripe has and the database lacks. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

from accounts.gateway import ListedAccount
from accounts.services.adopting import lost_accounts
from payouts import gateway
from payouts.gateway import BankPayout, Transfer, listing
from payouts.gateway.objects import REVERSED, BalanceTransaction
from payouts.models import Payout
from payouts.services.deciding import gate
from stripe_io import installation
from stripe_io.errors import StripeCallFailed

AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """What the database lacks, oldest first.

    `unrecorded` are transfers whose attempt is here, but not its answer, with the payout. `highest` is the highest
    ordinal of each transfer group at Stripe. `foreign` counts the transfers of each other installation.
    """

    accounts: Sequence[ListedAccount]
    lost: Sequence[Transfer]
    unrecorded: Sequence[tuple[UUID, Transfer]]
    highest: Mapping[str, int]
    reversed: Sequence[Reversed]
    foreign: Counter[UUID]


@dataclass(frozen=True, slots=True)
class Reversed:
    """How much has come back of a transfer that is recorded here, and what became of its bank payout, if it had one.

    Money comes back only after the bank has returned it, and that has to be known first.
    """

    transfer_id: str
    amount: int
    bank_payout: BankPayout | None


def look(*, since: datetime) -> Found:
    """List what was made at Stripe since then.

    Raises: StripeUnavailable, StripeCallFailed.
    """
    accounts = lost_accounts(since=since)
    this = installation.remembered().uuid
    seen = _Seen()
    listed = listing.list_transfers(since=since)
    while some := list(islice(listed, AT_ONCE)):
        seen.add([each for each in some if isinstance(each, Transfer) and each.is_ours], this=this)
    return Found(
        accounts=accounts,
        lost=seen.lost[::-1],
        unrecorded=seen.unrecorded[::-1],
        highest=seen.highest,
        reversed=list(_reversed(seen.reversed, since=since)),
        foreign=seen.foreign,
    )


@dataclass(slots=True)
class _Seen:
    """What the pages of Stripe's transfers have shown so far, newest first."""

    lost: list[Transfer] = field(default_factory=list)
    unrecorded: list[tuple[UUID, Transfer]] = field(default_factory=list)
    highest: Counter[str] = field(default_factory=Counter)
    reversed: dict[str, int] = field(default_factory=dict)
    foreign: Counter[UUID] = field(default_factory=Counter)

    def add(self, ours: Sequence[Transfer], *, this: UUID) -> None:
        for transfer in ours:
            group, named = transfer.transfer_group, transfer.identity
            self.highest[group] = max(self.highest[group], named.ordinal if named else 0)
            if transfer.amount_reversed:
                self.reversed[transfer.id] = transfer.amount_reversed
        lost = gate.find_lost(ours)
        for each in lost:
            if each.identity is None or each.identity.installation == this:
                self.lost.append(each)
            else:
                self.foreign[each.identity.installation] += 1
        self.unrecorded += _unrecorded(ours)


def _unrecorded(ours: Sequence[Transfer]) -> Iterator[tuple[UUID, Transfer]]:
    """Yield those that are named by an attempt here which has no answer yet, with the payout."""
    unanswered = list(gate.sent_for(ours).filter(stripe_id=""))
    for transfer in ours:
        for attempt in unanswered:
            if transfer.names(attempt):
                yield attempt.payout_id, transfer


def _reversed(listed: Mapping[str, int], *, since: datetime) -> Iterator[Reversed]:
    """Yield what has come back of transfers recorded here: of those listed, and of older ones, reversed since then."""
    transactions = listing.list_transactions(REVERSED, since=since)
    touched = {each.transfer_id for each in transactions if isinstance(each, BalanceTransaction)}
    for payout in Payout.objects.filter(stripe_transfer_id__in=touched | listed.keys()):
        transfer_id = payout.stripe_transfer_id
        amount = listed.get(transfer_id) or gateway.retrieve_transfer(transfer_id).amount_reversed
        if amount > payout.amount_reversed:
            yield Reversed(transfer_id, amount, _bank_payout(payout))


def _bank_payout(payout: Payout) -> BankPayout | None:
    sent = payout.attempts.filter(stripe_id=payout.stripe_payout_id).first()
    if sent is None:
        return None
    with suppress(StripeCallFailed):  # the account may be gone
        return gateway.retrieve_bank_payout(stripe_payout_id=sent.stripe_id, account=sent.destination)
    return None
