"""What acts of staff would do, for their previews: no locks, no writes."""

from uuid import UUID

from django.db.models import QuerySet

from payouts.models import Payout
from payouts.states import PayoutStatus


def payouts_a_hold_stops(creator_id: UUID) -> QuerySet[Payout]:
    """Select the creator's payouts that a hold stops: those that wait to be sent."""
    return _of(creator_id, PayoutStatus.PENDING)


def payouts_a_hold_misses(creator_id: UUID) -> QuerySet[Payout]:
    """Select the creator's payouts that are being sent, which a hold doesn't stop."""
    return _of(creator_id, PayoutStatus.PROCESSING, PayoutStatus.UNRESOLVED)


def payouts_on_hold(creator_id: UUID) -> QuerySet[Payout]:
    """Select the creator's payouts that resume once no hold is open."""
    return _of(creator_id, PayoutStatus.ON_HOLD)


def _of(creator_id: UUID, *statuses: PayoutStatus) -> QuerySet[Payout]:
    return Payout.objects.filter(creator=creator_id, status__in=statuses).order_by("pk")
