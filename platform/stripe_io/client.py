"""The Stripe client: key, version, address, time-outs and rate limit."""

import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

import stripe
from django.conf import settings

from database import texts
from stripe_io import installation, pacing, platform_account
from stripe_io.errors import Failure, StripeCallFailed
from stripe_io.values import storable_answer

T = TypeVar("T")
TIMEOUT_SECONDS = 30
LONGEST_REQUEST_ID = 255
# Together with the request that waits for it, the check of a key must take less time than a worker's lease.
CHECK_TIMEOUT_SECONDS = 10
# How long a request waits for a lock on its object before it is sent again, in seconds, and for how long in all.
# Source: https://docs.stripe.com/rate-limits#object-lock-timeouts
LOCK_PAUSES = (0.3, 0.9)
LONGEST_WAIT_FOR_LOCK = 5
SHOULD_RETRY = "Stripe-Should-Retry"
# How long a read that failed is paused before it is made again, in seconds.
READ_PAUSES = (0.5, 2.0)
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# How much our clock may differ from Stripe's. Whatever a look-up by time misses would be sent a second time.
CLOCK_SKEW = timedelta(hours=1)


class PacedClient(stripe.RequestsClient):
    """Wait for a slot before each request, so that Stripe has no reason to answer 429. If it does, all workers wait.

    Only a request that found its object locked is sent again, as it did nothing. Every answer is made storable here,
    before anyone reads it.
    """

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        endpoint = f"{method.lower()} {_resource(url)}"
        begun = time.monotonic()
        for pause in (*LOCK_PAUSES, None):
            pacing.wait(endpoint=endpoint)
            body, status, headers = super().request(method, url, *args, **kwargs)
            if status != HTTPStatus.TOO_MANY_REQUESTS:
                break
            if not _finds_lock(body):
                _back_off(endpoint, headers)
                break
            waited = time.monotonic() - begun
            if pause is None or waited > LONGEST_WAIT_FOR_LOCK or headers.get(SHOULD_RETRY) == "false":
                break
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 (jitter, no secret)
        return storable_answer(body), status, headers


# Of each key, at its address: whether this process has checked it.
checks: defaultdict[tuple[str, str], platform_account.Check] = defaultdict(platform_account.Check)


def client() -> stripe.StripeClient:
    """Return the client, whose key this process has checked: the database belongs to its mode and its account.

    Raises: WrongMode, WrongCountry; NotSent if the account can't be checked or is another platform's.
    """
    key, address = settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE
    check = checks[key, address]
    if not check.passed:
        check.make(_verify)
    return connect(key, address)


@cache
def connect(key: str, address: str, *, timeout: int = TIMEOUT_SECONDS) -> stripe.StripeClient:
    """Make a client for a key that may not have been checked.

    It never retries by itself: an unknown outcome must be recorded before anything is sent again. It uses the
    environment's HTTPS_PROXY for Stripe, and no proxy for a sandbox on this machine.
    """
    is_local = urlsplit(address).hostname in LOOPBACK
    return stripe.StripeClient(
        key,
        base_addresses={"api": address, "files": address, "connect": address, "meter_events": address},
        http_client=PacedClient(
            timeout=timeout,
            # The requests library takes an empty address as no proxy, and None as the environment's.
            proxy={"http": "", "https": ""} if is_local else None,
        ),
        max_network_retries=0,
    )


def forget_checks() -> None:
    """Check keys anew, over new connections."""
    checks.clear()
    connect.cache_clear()


def _verify() -> None:
    installation.verify()
    platform_account.verify(
        connect(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, timeout=CHECK_TIMEOUT_SECONDS)
    )


def call(request: Callable[[], T]) -> T:
    """Make one request to Stripe.

    Raises: StripeCallFailed for every answer but success, and if there is no answer.
    """
    try:
        return request()
    except stripe.StripeError as error:
        raise StripeCallFailed(Failure.of(error)) from error


def request_id_of(answer: stripe.StripeObject) -> str:
    """Return the id under which Stripe logged the request that this answers (`req_…`); empty without one.

    Source: https://docs.stripe.com/api/request_ids
    """
    response = answer.last_response
    return texts.storable((response and response.request_id) or "")[:LONGEST_REQUEST_ID]


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


def _finds_lock(body: bytes) -> bool:
    """Return whether a 429 says that another request holds the object: nothing was done, and the limits aren't reached.

    Source: https://docs.stripe.com/error-codes#lock-timeout
    """
    try:
        return bool(json.loads(body)["error"]["code"] == "lock_timeout")
    except (ValueError, TypeError, KeyError):
        return False


def _back_off(endpoint: str, headers: Mapping[str, str]) -> None:
    """Back off from what Stripe limited. It may not say what that is; then, from the endpoint."""
    if headers.get("Stripe-Rate-Limited-Reason", "").startswith("global"):
        pacing.back_off_everything()
    else:
        pacing.back_off(endpoint=endpoint)


def _resource(url: str) -> str:
    """Name the endpoint as Stripe's rate limits do: `/v1/transfers/tr_1` is `transfers`."""
    parts = urlsplit(url).path.strip("/").split("/")
    return parts[1] if len(parts) > 1 else parts[0]
