"""The console's login, in which guessing passwords doesn't slow down other requests."""

import logging
from threading import BoundedSemaphore

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.views import View

from console.login import refuse
from database.requests import address_of
from payouts_project.throttles import CallerThrottle

# How many passwords a process checks at once: each check takes most of a second of CPU time.
CHECKS_AT_ONCE = 2
BUSY_SECONDS = 5
log = logging.getLogger(__name__)
_checks = BoundedSemaphore(CHECKS_AT_ONCE)


class LogIn(View):
    """Before checking a password, refuse too many tries from one address, and too many at once."""

    throttle_scope = "login"

    def get(self, request: HttpRequest) -> HttpResponse:
        return admin.site.login(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        throttle = CallerThrottle()
        if not throttle.allow_request(request, self):  # type: ignore[arg-type]
            log.warning("Refused a login from %s: too many tries in a minute", address_of(request))
            return refuse(request, seconds=throttle.wait())
        if not _checks.acquire(blocking=False):
            log.warning("Refused a login from %s: too many at once", address_of(request))
            return refuse(request, seconds=BUSY_SECONDS)
        try:
            return admin.site.login(request)
        finally:
            _checks.release()
