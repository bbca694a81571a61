"""The one Stripe client: key, version, address, time-outs and pace."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

import stripe
from django.conf import settings

from stripe_io import installation, pacing
from stripe_io.errors import Failure, StripeCallFailed
from stripe_io.values import storable_answer

T = TypeVar("T")
TIMEOUT_SECONDS = 30
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# By so much our clock may differ from Stripe's: what a look-up by time misses would be made once more.
CLOCKS_APART = timedelta(hours=1)


class PacedClient(stripe.RequestsClient):
    """Wait for a turn before each request, so that Stripe need not say 429, and let all wait when it does.

    Whatever Stripe answers passes here, and is made storable before anyone reads it.
    """

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        endpoint = f"{method.lower()} {_resource(url)}"
        pacing.wait(endpoint=endpoint)
        body, status, headers = super().request(method, url, *args, **kwargs)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            pacing.leave_alone(endpoint=endpoint)
        return storable_answer(body), status, headers


@cache
def client() -> stripe.StripeClient:
    """Return the client, having made sure once that the database belongs to the key's mode.

    It never retries by itself: an unknown outcome must be written down before anything is sent again. Stripe is
    reached through the environment's HTTPS_PROXY, a sandbox on this machine without any proxy.

    Raises: WrongMode.
    """
    installation.verify()
    base = settings.STRIPE_API_BASE
    is_here = urlsplit(base).hostname in LOOPBACK
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses={"api": base, "files": base, "connect": base, "meter_events": base},
        http_client=PacedClient(
            timeout=TIMEOUT_SECONDS,
            # To requests, an empty address is no proxy, and None the environment's.
            proxy={"http": "", "https": ""} if is_here else None,
        ),
        max_network_retries=0,
    )


def call(request: Callable[[], T]) -> T:
    """Make one request to Stripe.

    Raises: StripeCallFailed for every answer but success, and for none.
    """
    try:
        return request()
    except stripe.StripeError as error:
        raise StripeCallFailed(Failure.of(error)) from error


def every(first_page: Callable[[], Any]) -> Iterator[dict[str, Any]]:
    """Yield all that one of Stripe's lists has, to its last page; each page is a request.

    Raises: StripeCallFailed, also after some were yielded.
    """
    page = call(first_page)
    while True:
        for each in page.data:
            yield each.to_dict()
        if not page.has_more:
            return
        page = call(page.next_page)


def _resource(url: str) -> str:
    """Name the endpoint as Stripe limits it: `/v1/transfers/tr_1` is `transfers`."""
    parts = urlsplit(url).path.strip("/").split("/")
    return parts[1] if len(parts) > 1 else parts[0]
