"""Which Host a request may name, and where our own links lead."""

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.middleware import common

# Probes and Prometheus ask by an address that nobody knows beforehand, such as a pod's. Their answers name no Host.
PROBES = frozenset(["/health", "/health/ready", "/metrics"])


class CommonMiddleware(common.CommonMiddleware):
    """Django's, which refuses a Host that isn't in ALLOWED_HOSTS, but for probes."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        return None if request.path_info in PROBES else super().process_request(request)
