"""What is known of the HTTP request that is being answered: its id and the client's address."""

from contextvars import ContextVar
from ipaddress import ip_address

from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle

request_id: ContextVar[str] = ContextVar("request_id", default="-")


def address_of(request: HttpRequest) -> str | None:
    """Return the client's address as the API's throttles see it, behind the trusted proxies."""
    seen = BaseThrottle().get_ident(request)  # type: ignore[arg-type]
    try:
        return str(ip_address(seen))
    except ValueError:  # a proxy added something else than an address
        address: str | None = request.META.get("REMOTE_ADDR")
        return address
