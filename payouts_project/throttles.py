"""Rate limits per caller."""

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
    """Limits each caller's requests per minute and `throttle_scope`, counted in Redis across all processes.

    A caller is the bearer of a token, a member of staff, or otherwise an address. Without Redis there is no limit: a
    broken counter must not keep creators from seeing their earnings.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        return self.count(request, scope=getattr(view, "throttle_scope", "read"))

    def count(self, request: Request, *, scope: str) -> bool:
        """Count this request; return whether it is within the limit."""
        window = int(time.time()) // WINDOW_SECONDS
        caller = self._caller(request)
        key = f"throttle:{scope}:{caller}:{window}"
        try:
            count = redis_client.ask(lambda client: _count(client, key))
        except redis.RedisError:
            log.warning("Requests are not rate-limited: Redis does not answer")
            return True
        limit = settings.REQUESTS_PER_MINUTE[scope]
        if count == limit + 1:
            log.warning("%s has made more than %d requests (%s) in this minute", caller, limit, scope)
        return count <= limit

    def wait(self) -> float:
        """Return the seconds until the next minute."""
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS + 1

    def _caller(self, request: Request) -> str:
        if not request.user.is_authenticated:
            return f"address:{self.get_ident(request)}"
        kind = "token" if bearer_of(request) else "staff"
        # Hashed, because a subject can be long, and Redis doesn't have to know it.
        return hashlib.blake2b(f"{kind}:{request.user.pk}".encode(), digest_size=16).hexdigest()


def _count(client: redis.Redis, key: str) -> int:
    with client.pipeline(transaction=False) as pipeline:
        pipeline.incr(key)
        pipeline.expire(key, 2 * WINDOW_SECONDS)
        count, _ = pipeline.execute()
    return int(count)


def if_refused_too_often(request: Request) -> Throttled | None:
    """Count a request that was refused because of its caller; return an error once there were too many.

    Only refusals are counted here, after the token was verified. So if someone guesses tokens, others at the same
    address aren't affected. Permitted requests are counted by their own throttle.
    """
    throttle = CallerThrottle()
    return None if throttle.count(request, scope=REFUSED) else Throttled(throttle.wait())
