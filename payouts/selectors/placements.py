"""Reads about placing what is in suspense."""

from django.db.models import QuerySet

from payouts.models import PlacementStatus, SuspensePlacement


def proposed_placements() -> QuerySet[SuspensePlacement]:
    """Select the placements that wait for a second person, oldest first."""
    proposed = SuspensePlacement.objects.filter(status=PlacementStatus.PROPOSED)
    return proposed.select_related("payout__creator").order_by("pk")
