"""Holds: reasons not to pay a creator."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.errors import ReasonMissing
from accounts.models import Creator, Hold, HoldSource


@transaction.atomic
def place_hold(creator: Creator, *, source: HoldSource, reason: str, placed_by: str) -> Hold:
    """Stop paying a creator, until this source lifts the hold; the same one twice is one.

    Raises: ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    # Two workers that find the same reason would otherwise each place a hold, to be lifted each by itself.
    Creator.objects.select_for_update(no_key=True).get(pk=creator.pk)
    hold, _ = Hold.objects.get_or_create(
        creator=creator, source=source, reason=reason, lifted_at=None, defaults={"placed_by": placed_by}
    )
    return hold


def lift_holds(creator: Creator, *, source: HoldSource, reason: str, lifted_by: str, now: datetime) -> int:
    """Lift every open hold of this source, and of no other; return how many there were.

    Raises: ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    return Hold.objects.filter(creator=creator, source=source, lifted_at=None).update(
        lifted_by=lifted_by, lift_reason=reason, lifted_at=now
    )


def cool_down(creator: Creator, *, reason: str, now: datetime) -> None:
    """Hold a creator's payouts for as long as is set: they would go elsewhere than before."""
    if settings.PAYOUT_COOL_DOWN_HOURS:
        Hold.objects.create(
            creator=creator,
            source=HoldSource.SYSTEM,
            reason=reason,
            placed_by="system",
            expires_at=now + timedelta(hours=settings.PAYOUT_COOL_DOWN_HOURS),
        )


def end_cool_down(creator: Creator, *, reason: str, lifted_by: str, now: datetime) -> int:
    """Lift a creator's cool-downs before their time, as staff know who changed what; return how many there were.

    Raises: ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    return Hold.objects.filter(creator=creator, expires_at__isnull=False, lifted_at=None).update(
        lifted_by=lifted_by, lift_reason=reason.strip(), lifted_at=now
    )


def lift_expired(*, now: datetime) -> int:
    """Lift the holds whose time is over; return how many there were."""
    return Hold.objects.filter(expires_at__lte=now, lifted_at=None).update(
        lifted_by="system", lift_reason="Its time is over", lifted_at=now
    )


def hold_until_paid_elsewhere(creator_id: UUID, *, reason: str) -> None:
    """Stop paying a creator where payouts don't get through; staff may let it be tried again."""
    Hold.objects.get_or_create(
        creator_id=creator_id,
        source=HoldSource.SYSTEM,
        until_paid_elsewhere=True,
        lifted_at=None,
        defaults={"reason": reason, "placed_by": "system"},
    )


def lift_until_paid_elsewhere(creator: Creator, *, reason: str, lifted_by: str, now: datetime) -> int:
    """Lift such holds, as the creator is paid elsewhere or staff want it tried again; return how many there were.

    Raises: ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    return Hold.objects.filter(creator=creator, until_paid_elsewhere=True, lifted_at=None).update(
        lifted_by=lifted_by, lift_reason=reason.strip(), lifted_at=now
    )
