"""Holds: reasons not to pay a creator."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.errors import NothingToLift
from accounts.models import Creator, Hold, HoldSource
from database import acts
from database.acts import Kind
from database.models import RecordedAct
from database.staff import SYSTEM, Act


@transaction.atomic
def place_hold(creator: Creator, *, source: HoldSource, act: Act) -> Hold:
    """Stop paying a creator until this source lifts the hold. An open hold isn't placed twice."""
    # Without the lock, two workers that find the same reason would place two holds.
    Creator.objects.select_for_update(no_key=True).get(pk=creator.pk)
    hold, _ = Hold.objects.get_or_create(
        creator=creator, source=source, reason=act.reason, lifted_at=None, defaults={"placed_by": act.actor}
    )
    return hold


def attribute(hold: Hold, *, to: RecordedAct | None) -> None:
    """Name the act by which staff placed a hold; one that was open before stays that of who placed it."""
    if hold.act_id is None:
        hold.act = to
        hold.save(update_fields=["act"])


def lift_staff_holds(creator: Creator, *, act: Act, now: datetime) -> int:
    """Lift every open hold that staff placed, and no other; return how many were lifted.

    Raises: NothingToLift.
    """
    placed = Q(source=HoldSource.STAFF)
    return _lift(creator, placed, Kind.RELEASE, what="hold by staff", act=act, now=now)


def cool_down(creator: Creator, *, reason: str, now: datetime) -> None:
    """Hold a creator's payouts for the configured hours, because their destination changed."""
    if settings.PAYOUT_COOL_DOWN_HOURS:
        Hold.objects.create(
            creator=creator,
            source=HoldSource.SYSTEM,
            reason=reason,
            placed_by=SYSTEM,
            expires_at=now + timedelta(hours=settings.PAYOUT_COOL_DOWN_HOURS),
        )


def end_cool_down(creator: Creator, *, act: Act, now: datetime) -> int:
    """Lift a creator's cool-downs early, once staff know who made the change; return how many were lifted.

    Raises: NothingToLift.
    """
    cooling = Q(expires_at__isnull=False)
    return _lift(creator, cooling, Kind.END_COOL_DOWN, what="cool-down", act=act, now=now)


def lift_expired(*, now: datetime) -> int:
    """Lift expired holds; return how many were lifted."""
    return Hold.objects.filter(expires_at__lte=now, lifted_at=None).update(
        lifted_by=SYSTEM, lift_reason="Expired", lifted_at=now
    )


def hold_until_paid_elsewhere(creator_id: UUID, *, reason: str) -> None:
    """Stop paying a creator whose payouts fail, until they have another destination or staff let it be tried again."""
    Hold.objects.get_or_create(
        creator_id=creator_id,
        source=HoldSource.SYSTEM,
        until_paid_elsewhere=True,
        lifted_at=None,
        defaults={"reason": reason, "placed_by": SYSTEM},
    )


def try_again(creator: Creator, *, act: Act, now: datetime) -> int:
    """Lift the holds after failed payouts, so that the same destination is paid again; return how many were lifted.

    Raises: NothingToLift.
    """
    stuck = Q(until_paid_elsewhere=True)
    return _lift(creator, stuck, Kind.TRY_AGAIN, what="hold after failed payouts", act=act, now=now)


def lift_as_paid_elsewhere(creator: Creator, *, reason: str, now: datetime) -> None:
    """Lift the holds after failed payouts, because the creator has another destination."""
    stuck = Hold.objects.filter(creator=creator, until_paid_elsewhere=True, lifted_at=None)
    stuck.update(lifted_by=SYSTEM, lift_reason=reason, lifted_at=now)


@transaction.atomic
def _lift(creator: Creator, which: Q, kind: Kind, *, what: str, act: Act, now: datetime) -> int:
    still_open = Hold.objects.filter(creator=creator, lifted_at=None)
    lifting = list(still_open.filter(which).select_for_update(no_key=True).values_list("pk", flat=True))
    if not lifting:
        others = [f"{hold.get_source_display()}, {hold.reason}" for hold in still_open.order_by("pk")]
        raise NothingToLift(creator.external_id, kind=what, others=others)
    recorded = acts.record(
        act, kind, subject=creator, creator=creator.pk, after={"holds_lifted": len(lifting)}
    )
    Hold.objects.filter(pk__in=lifting).update(
        lifted_by=act.actor, lift_reason=act.reason, lifted_at=now, lift_act=recorded
    )
    return len(lifting)
