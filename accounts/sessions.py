"""Staff's sessions: over after a time without a request, and after a working day whatever happens."""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils import timezone

SEEN = "_seen"
# How far behind the time of the last request may be: a session is written once in so many seconds, not by each.
GRAIN_SECONDS = 60


class SessionStore(db.SessionStore):
    """Django's sessions in the database; those of someone who logged in end after SESSION_IDLE without a request.

    All is done as a session is read: a request that reads none, such as one with a bearer token, pays nothing.
    """

    def load(self) -> dict[str, Any]:
        data = super().load()
        if SESSION_KEY not in data:
            return data
        now = int(time.time())
        idle = now - data.get(SEEN, 0)
        if idle > settings.SESSION_IDLE.total_seconds():
            self.delete()
            self._session_key = None
            return {}
        if idle >= GRAIN_SECONDS:
            data[SEEN] = now
            self.modified = True
        return data


def begin(request: HttpRequest, **signal: Any) -> None:
    """Set the end of a session in which someone has just logged in: requests don't put it off."""
    request.session[SEEN] = int(time.time())
    # By the clock of this process, by which Django ends sessions.
    request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
