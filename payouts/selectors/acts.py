"""What acts of staff would do, for their previews: no locks, no writes."""

from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from money import Money
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


class Waiting(NamedTuple):
    """The payouts in one currency that are not sent yet."""

    payouts: int
    net: Money


def waiting_to_be_sent() -> list[Waiting]:
    """Sum the payouts that wait to be sent or are being sent, by currency."""
    unsent = Payout.objects.filter(status__in=[PayoutStatus.PENDING, PayoutStatus.PROCESSING])
    rows = (
        unsent.values("currency").annotate(payouts=Count("pk"), amount=Sum("net_amount")).order_by("currency")
    )
    return [Waiting(row["payouts"], Money(int(row["amount"]), row["currency"])) for row in rows]


def _of(creator_id: UUID, *statuses: PayoutStatus) -> QuerySet[Payout]:
    return Payout.objects.filter(creator=creator_id, status__in=statuses).order_by("pk")
