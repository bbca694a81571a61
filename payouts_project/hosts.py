"""Which Host headers are accepted."""

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.middleware import common

# Probes and Prometheus use addresses that aren't known in advance, such as a pod's. The responses don't use the Host.
PROBES = frozenset(["/health", "/health/ready", "/metrics"])


class CommonMiddleware(common.CommonMiddleware):
    """Django's middleware, which refuses a Host that isn't in ALLOWED_HOSTS, except for probes."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        return None if request.path_info in PROBES else super().process_request(request)
