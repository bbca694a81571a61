"""The Stripe client: key, version, address, time-outs and rate limit."""

import time
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
# How long a read that failed is paused before it is made again, in seconds.
READ_PAUSES = (0.5, 2.0)
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# How much our clock may differ from Stripe's. Whatever a look-up by time misses would be sent a second time.
CLOCK_SKEW = timedelta(hours=1)


class PacedClient(stripe.RequestsClient):
    """Wait for a slot before each request, so that Stripe has no reason to answer 429. If it does, all workers wait.

    Every answer is made storable here, before anyone reads it.
    """

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        endpoint = f"{method.lower()} {_resource(url)}"
        pacing.wait(endpoint=endpoint)
        body, status, headers = super().request(method, url, *args, **kwargs)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            pacing.back_off(endpoint=endpoint)
        return storable_answer(body), status, headers


@cache
def client() -> stripe.StripeClient:
    """Return the client, after checking once that the database belongs to the key's mode.

    It never retries by itself: an unknown outcome must be recorded before anything is sent again. It uses the
    environment's HTTPS_PROXY for Stripe, and no proxy for a sandbox on this machine.

    Raises: WrongMode.
    """
    installation.verify()
    base = settings.STRIPE_API_BASE
    is_local = urlsplit(base).hostname in LOOPBACK
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses={"api": base, "files": base, "connect": base, "meter_events": base},
        http_client=PacedClient(
            timeout=TIMEOUT_SECONDS,
            # The requests library takes an empty address as no proxy, and None as the environment's.
            proxy={"http": "", "https": ""} if is_local else None,
        ),
        max_network_retries=0,
    )


def call(request: Callable[[], T]) -> T:
    """Make one request to Stripe.

    Raises: StripeCallFailed for every answer but success, and if there is no answer.
    """
    try:
        return request()
    except stripe.StripeError as error:
        raise StripeCallFailed(Failure.of(error)) from error


def call_patiently(request: Callable[[], T]) -> T:
    """Make a request that only reads; after a failure that may pass, make it again, with a pause before each try.

    Raises: StripeCallFailed.
    """
    for pause in READ_PAUSES:
        try:
            return call(request)
        except StripeCallFailed as failed:
            if not failed.failure.may_pass:
                raise
            time.sleep(pause)
    return call(request)


def list_all(
    first_page: Callable[[], Any], *, request: Callable[[Callable[[], Any]], Any] = call
) -> Iterator[dict[str, Any]]:
    """Yield all items of a list at Stripe, page by page; each page is a request, made by `request`.

    Raises: StripeCallFailed, possibly after yielding some items.
    """
    page = request(first_page)
    while True:
        for item in page.data:
            yield item.to_dict()
        if not page.has_more:
            return
        page = request(page.next_page)


def _resource(url: str) -> str:
    """Name the endpoint as Stripe's rate limits do: `/v1/transfers/tr_1` is `transfers`."""
    parts = urlsplit(url).path.strip("/").split("/")
    return parts[1] if len(parts) > 1 else parts[0]
