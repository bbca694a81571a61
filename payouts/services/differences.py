"""Differences between our records and others': opened once, resolved with a reason."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from database import acts
from database.acts import Kind
from database.models import RecordedAct
from database.staff import SYSTEM, Act
from money import Money
from payouts.errors import DifferenceResolved
from payouts.models import Difference, DifferenceKind, Payout


def open_difference(
    kind: DifferenceKind,
    *,
    subject: str,
    amount: Money,
    detail: str,
    now: datetime,
    payout: Payout | None = None,
    creator_id: UUID | None = None,
    account: str = "",
) -> Difference:
    """Open a difference, or update the one that is open for this kind and subject."""
    values = {"amount": amount.amount, "currency": amount.currency, "detail": detail}
    owner = {"payout": payout, "creator_id": payout.creator_id if payout else creator_id, "account": account}
    difference, _ = Difference.objects.update_or_create(
        kind=kind,
        subject=subject,
        resolved_at=None,
        defaults=values,
        create_defaults=values | owner | {"found_at": now},
    )
    return difference


def settle(kind: DifferenceKind, *, subject: str, reason: str, now: datetime) -> None:
    """Close the open difference for this subject, if any, on the service's own account."""
    Difference.objects.filter(kind=kind, subject=subject, resolved_at=None).update(
        resolved_at=now, resolved_by=SYSTEM, resolution=reason
    )


@transaction.atomic
def own_difference(difference_id: UUID, *, act: Act) -> None:
    """Record who is looking into it.

    Raises: DifferenceResolved.
    """
    if not Difference.objects.filter(pk=difference_id, resolved_at=None).update(owner=act.actor):
        raise DifferenceResolved(difference_id)
    _record(difference_id, Kind.OWN_DIFFERENCE, act=act)


@transaction.atomic
def resolve_difference(difference_id: UUID, *, act: Act, now: datetime) -> None:
    """Resolve a difference with a reason.

    Raises: DifferenceResolved.
    """
    resolved = Difference.objects.filter(pk=difference_id, resolved_at=None).update(
        resolved_at=now, resolved_by=act.actor, resolution=act.reason
    )
    if not resolved:
        raise DifferenceResolved(difference_id)
    recorded = _record(difference_id, Kind.RESOLVE_DIFFERENCE, act=act)
    Difference.objects.filter(pk=difference_id).update(act=recorded)


def _record(difference_id: UUID, kind: Kind, *, act: Act) -> RecordedAct | None:
    difference = Difference.objects.get(pk=difference_id)
    return acts.record(
        act, kind, subject=difference, creator=difference.creator_id, payout=difference.payout_id
    )
