"""Whose the APIs are."""

from earnings.models import ApiOwnership


def latest_ownership(api_id: str) -> ApiOwnership:
    """Read who owns an API now, or will; it must have an owner."""
    ownerships = ApiOwnership.objects.select_related("api", "creator").filter(api__external_id=api_id)
    return ownerships.latest("owned_from")
