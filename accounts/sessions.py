"""Staff sessions: they end after a time without requests, and at the latest after a working day."""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils import timezone

LAST_REQUEST = "_seen"
# How stale the time of the last request may be, so that not every request writes its session.
GRAIN_SECONDS = 60


class SessionStore(db.SessionStore):
    """Django's database sessions; those of logged-in users end after SESSION_IDLE without a request.

    The check runs when a session is read. A request that reads none, such as one with a bearer token, costs nothing.
    """

    def load(self) -> dict[str, Any]:
        data = super().load()
        if SESSION_KEY not in data:
            return data
        now = int(time.time())
        idle = now - data.get(LAST_REQUEST, 0)
        if idle > settings.SESSION_IDLE.total_seconds():
            self.delete()
            self._session_key = None
            return {}
        if idle >= GRAIN_SECONDS:
            data[LAST_REQUEST] = now
            self.modified = True
        return data


def begin(request: HttpRequest, **signal: Any) -> None:
    """Set when the session of a new login ends; requests don't extend it."""
    request.session[LAST_REQUEST] = int(time.time())
    # By this process's clock, because Django ends sessions by it.
    request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
