"""Which APIs there are, and whose they are."""

from earnings.errors import UnknownApi
from earnings.models import Api, ApiOwnership


def known_api(external_id: str) -> Api:
    """Return the API with the marketplace's id.

    Raises: UnknownApi.
    """
    api = Api.objects.filter(external_id=external_id).first()
    if api is None:
        raise UnknownApi(external_id)
    return api


def latest_ownership(api_id: str) -> ApiOwnership:
    """Read who owns an API now, or will; it must have an owner."""
    ownerships = ApiOwnership.objects.select_related("api", "creator").filter(api__external_id=api_id)
    return ownerships.latest("owned_from")
