"""Reads about placing what is in suspense."""

from payouts.models import PlacementStatus, SuspensePlacement


def proposed_placements() -> list[SuspensePlacement]:
    """List the placements that wait for a second person, oldest first."""
    proposed = SuspensePlacement.objects.filter(status=PlacementStatus.PROPOSED)
    return list(proposed.select_related("payout__creator").order_by("pk"))
