"""How often one caller may ask."""

from __future__ import annotations

import hashlib
import logging
import time
from typing import TYPE_CHECKING

import redis
from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.throttling import BaseThrottle

from accounts.principals import bearer_of
from web import redis_client

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

WINDOW_SECONDS = 60
REFUSED = "refused"
log = logging.getLogger(__name__)


class CallerThrottle(BaseThrottle):
    """Count each caller's requests per minute in Redis, for all processes, by the view's `throttle_scope`.

    A caller is the bearer of a token, a member of staff, or else an address. Without Redis nobody is counted:
    a broken counter shall not keep a creator from seeing what they earned.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        return self.count(request, scope=getattr(view, "throttle_scope", "read"))

    def count(self, request: Request, *, scope: str) -> bool:
        """Count this request; return whether its caller may make so many."""
        window = int(time.time()) // WINDOW_SECONDS
        caller = self._caller(request)
        key = f"throttle:{scope}:{caller}:{window}"
        try:
            count = redis_client.ask(lambda asked: _count(asked, key))
        except redis.RedisError:
            log.warning("Requests are not counted: Redis does not answer")
            return True
        most = settings.REQUESTS_PER_MINUTE[scope]
        if count == most + 1:
            log.warning("%s has made more than %d requests (%s) in this minute", caller, most, scope)
        return count <= most

    def wait(self) -> float:
        """Say how many seconds are left of this minute."""
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS + 1

    def _caller(self, request: Request) -> str:
        if not request.user.is_authenticated:
            return f"address:{self.get_ident(request)}"
        kind = "token" if bearer_of(request) else "staff"
        # Hashed, as a subject may be long, and need not stand in Redis in clear.
        return hashlib.blake2b(f"{kind}:{request.user.pk}".encode(), digest_size=16).hexdigest()


def _count(asked: redis.Redis, key: str) -> int:
    with asked.pipeline(transaction=False) as pipeline:
        pipeline.incr(key)
        pipeline.expire(key, 2 * WINDOW_SECONDS)
        count, _ = pipeline.execute()
    return int(count)


def if_refused_too_often(request: Request) -> Throttled | None:
    """Count a request that was refused for who makes it; return what to answer instead, once it was too many.

    Only refusals are counted here, after tokens are verified: who shares an address with someone that guesses tokens
    is answered as ever. Requests that are let in are counted by their own throttle.
    """
    throttle = CallerThrottle()
    return None if throttle.count(request, scope=REFUSED) else Throttled(throttle.wait())
