"""Placing one transfer that the database has lost: with the payout that waited for it, or with one made again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q

from accounts.models import Creator, CreatorPaymentAccount, HoldSource
from accounts.services.holds import place_hold
from database import sql
from database.staff import Act
from money import Money
from payouts.gateway import Transfer
from payouts.identity import Identity
from payouts.models import DifferenceKind, Payout, PayoutRun
from payouts.services import differences, sending
from payouts.services.deciding import sets
from payouts.services.moves import CANCELLABLE
from payouts.services.sending import adopting
from payouts.states import DEAD, UNSENT

_IS_OF = (
    "SELECT payout_reference(%(creator)s, %(currency)s, %(cutoff)s, %(ordinal)s) = %(reference)s"
    " AND transfer_group(%(creator)s, %(currency)s, %(cutoff)s) = %(group)s AS agrees"
)


class How(StrEnum):
    """How a transfer was placed; the last two wait for a person. One that came back names nobody, and moved nothing."""

    RECORDED = "recorded"
    ADOPTED = "adopted"
    MADE_AGAIN = "made_again"
    CAME_BACK = "came_back"
    UNEXPECTED = "unexpected"
    UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True)
class Placed:
    """A transfer, and how it was placed.

    `carried` is by how much the earnings of a payout made again exceed the transfer; negative if they fall short, and
    the creator owes it. `cancelled` counts the waiting payouts that gave way.
    """

    transfer: Transfer
    how: How
    carried: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whom a transfer paid, in which run, and its place in the transfer group."""

    creator_id: UUID
    run: PayoutRun
    ordinal: int


@transaction.atomic
def place(transfer: Transfer, *, highest_ordinal: int, act: Act, now: datetime) -> Placed:
    """Place a transfer of ours that no attempt here has sent.

    The payout that it names takes it, if nothing was sent for that one and they agree. Else the payout is made again,
    of exactly this amount, and what waits for the same earnings gives way. `highest_ordinal` is the highest in the
    transfer's group at Stripe.
    """
    named = Payout.objects.filter(reference=_reference(transfer)).select_related("run").first()
    subject = _subject(transfer, named)
    if subject is None or not _went_to(subject.creator_id, transfer):
        return _leave(transfer, creator_id=subject.creator_id if subject else None, act=act, now=now)
    live = _live(subject, transfer)
    if named and named in live and _agrees(named, transfer):
        adopting.adopt_transfer(named.pk, transfer, act=act, now=now)
        return Placed(transfer, How.ADOPTED)
    if blocking := [payout for payout in live if not _gives_way(payout, subject)]:
        sending.record_transfer(transfer, payout_id=blocking[0].pk, now=now)
        return Placed(transfer, How.UNEXPECTED)
    for payout in live:
        adopting.give_way(payout.pk, act=act, now=now)
    return _make_again(transfer, subject, highest_ordinal, cancelled=len(live), act=act, now=now)


def _reference(transfer: Transfer) -> str:
    """Return the reference of the payout that it names; before payouts had references, their group was their id."""
    return transfer.reference or transfer.transfer_group


def _subject(transfer: Transfer, named: Payout | None) -> _Subject | None:
    """Return whom it paid; None if it doesn't say so, or if what it says isn't consistent."""
    if named is not None and named.run is not None:
        return _Subject(named.creator_id, named.run, named.ordinal)
    identity = transfer.identity
    if identity is None or not _is_of(transfer, identity):
        return None
    creator = Creator.objects.filter(external_id=identity.creator).first()
    if creator is None:
        return None
    run, _ = PayoutRun.objects.get_or_create(cutoff=identity.cutoff)
    return _Subject(creator.pk, run, identity.ordinal)


def _is_of(transfer: Transfer, identity: Identity) -> bool:
    """Check that nobody edited what it says, by the group, which can't be edited."""
    (row,) = sql.rows(
        _IS_OF,
        {
            "creator": identity.creator,
            "currency": identity.currency,
            "cutoff": identity.cutoff,
            "ordinal": identity.ordinal,
            "reference": identity.reference,
            "group": transfer.transfer_group,
        },
    )
    return bool(row["agrees"]) and identity.currency == transfer.currency


def _went_to(creator_id: UUID, transfer: Transfer) -> bool:
    accounts = CreatorPaymentAccount.objects.filter(creator=creator_id)
    return accounts.filter(stripe_account_id=transfer.destination).exists()


def _live(subject: _Subject, transfer: Transfer) -> Sequence[Payout]:
    """Lock the creator's payouts that may claim the same earnings: of the same run, and waiting ones of later runs."""
    same_earnings = Q(run=subject.run) | Q(run__cutoff__gt=subject.run.cutoff, status__in=CANCELLABLE)
    live = Payout.objects.filter(same_earnings, creator=subject.creator_id, currency=transfer.currency)
    return list(live.exclude(status__in=DEAD).order_by("pk").select_for_update(no_key=True, of=["self"]))


def _agrees(payout: Payout, transfer: Transfer) -> bool:
    return payout.status in UNSENT and payout.net == Money(transfer.amount, transfer.currency)


def _gives_way(payout: Payout, subject: _Subject) -> bool:
    """Return whether nothing was sent for it: it waits, or a later payout of its run was sent, so that it had ended."""
    had_ended = (
        payout.status in UNSENT and payout.run_id == subject.run.pk and payout.ordinal < subject.ordinal
    )
    return payout.status in CANCELLABLE or had_ended


def _make_again(
    transfer: Transfer, subject: _Subject, highest_ordinal: int, *, cancelled: int, act: Act, now: datetime
) -> Placed:
    counted = Payout.objects.filter(run=subject.run, creator=subject.creator_id, currency=transfer.currency)
    ordinal = subject.ordinal
    if counted.filter(ordinal=ordinal).exists():
        here = counted.aggregate(highest=Max("ordinal"))["highest"]
        ordinal = max(here, highest_ordinal) + 1
    amount = Money(transfer.amount, transfer.currency)
    payout_id, carried = sets.pay_as_sent(
        subject.run,
        subject.creator_id,
        amount=amount,
        ordinal=ordinal,
        act=act,
        why=f"{transfer.id} of {amount} was sent before a backup was restored",
        now=now,
    )
    adopting.adopt_transfer(payout_id, transfer, act=act, now=now)
    return Placed(transfer, How.MADE_AGAIN, carried=carried, cancelled=cancelled)


def _leave(transfer: Transfer, *, creator_id: UUID | None, act: Act, now: datetime) -> Placed:
    """Leave a transfer to a person, and hold the creators who may have its money."""
    if transfer.amount == transfer.amount_reversed:
        return Placed(transfer, How.CAME_BACK)
    owner = CreatorPaymentAccount.objects.filter(stripe_account_id=transfer.destination).first()
    said = transfer.identity.creator if transfer.identity else "nobody"
    detail = (
        f"{transfer.id} to {transfer.destination} was sent before a backup was restored, and names {said}"
    )
    holders = [each for each in (creator_id, owner and owner.creator_id) if each]
    for creator in Creator.objects.filter(pk__in=holders):
        place_hold(creator, source=HoldSource.SYSTEM, act=Act(act.actor, detail))
    differences.open_difference(
        DifferenceKind.UNKNOWN_TRANSFER,
        subject=transfer.id,
        amount=Money(transfer.amount - transfer.amount_reversed, transfer.currency),
        detail=detail,
        creator_id=owner.creator_id if owner else creator_id,
        account=transfer.destination,
        now=now,
    )
    return Placed(transfer, How.UNNAMED)
