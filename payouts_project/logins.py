"""The console's log-in, which costs the other callers nothing, however often somebody guesses."""

import logging
from threading import BoundedSemaphore

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.views import View

from console.login import address_of, refuse
from payouts_project.throttles import CallerThrottle

# How many passwords a process checks at once: each takes most of a second of a processor.
CHECKS_AT_ONCE = 2
BUSY_SECONDS = 5
log = logging.getLogger(__name__)
_checks = BoundedSemaphore(CHECKS_AT_ONCE)


class LogIn(View):
    """Refuse, before any password is looked at, who tries too often from one address, and what is too much at once."""

    throttle_scope = "login"

    def get(self, request: HttpRequest) -> HttpResponse:
        return admin.site.login(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        throttle = CallerThrottle()
        if not throttle.allow_request(request, self):  # type: ignore[arg-type]
            log.warning("A log-in from %s is refused: too many tries in a minute", address_of(request))
            return refuse(request, seconds=throttle.wait())
        if not _checks.acquire(blocking=False):
            log.warning("A log-in from %s is refused: too many at once", address_of(request))
            return refuse(request, seconds=BUSY_SECONDS)
        try:
            return admin.site.login(request)
        finally:
            _checks.release()
