"""Logging in: every attempt is logged, and too many failures lock the login for a while."""

import logging
import math
from typing import TYPE_CHECKING, Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from django.conf import settings
from django.contrib import admin
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import User
from database import acts
from database.acts import Kind
from database.requests import address_of
from database.staff import signed_in_console

if TYPE_CHECKING:
    from django.contrib.admin.forms import AdminAuthenticationForm as _LogInForm
else:
    from unfold.forms import AuthenticationForm as _LogInForm

TOO_MANY_REQUESTS = 429
LONGEST_USERNAME = User._meta.get_field("username").max_length or 0
log = logging.getLogger(__name__)


class LogInForm(_LogInForm):
    """Unfold's form, which leaves the length of a username to the browser."""

    def clean_username(self) -> str:
        """Refuse a username longer than any can be, before it is looked up and stored as a failure."""
        username: str = self.cleaned_data["username"]
        if len(username) > LONGEST_USERNAME:
            raise self.get_invalid_login_error()
        return username


def locked_out(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any]) -> HttpResponse:
    """Answer instead of the login page after too many failures with this username from this address."""
    (attempts,) = AxesProxyHandler.get_implementation().get_user_attempts(request, credentials)
    now = timezone.now()  # the clock by which axes dates attempts
    last = attempts.aggregate(last=Max("attempt_time"))["last"] or now
    return refuse(request, seconds=(last + get_cool_off(request) - now).total_seconds())


def refuse(request: HttpRequest, *, seconds: float) -> HttpResponse:
    """Say how long to wait before the next login attempt."""
    context = admin.site.each_context(request) | {
        "title": "Too many attempts",
        "minutes": max(math.ceil(seconds / 60), 1),
    }
    response = render(request, "console/locked_out.html", context, status=TOO_MANY_REQUESTS)
    response["Retry-After"] = str(max(math.ceil(seconds), 1))
    response["Cache-Control"] = "no-store"
    return response


def tell_login(request: HttpRequest, user: User, **signal: Any) -> None:
    log.info("%r logged in from %s", user.get_username(), address_of(request))
    acts.record(signed_in_console(request, "Logged in", user=user), Kind.LOG_IN, subject=user)


def tell_logout(request: HttpRequest, user: User | None, **signal: Any) -> None:
    if user is not None:  # None if the session had expired
        acts.record(signed_in_console(request, "Logged out", user=user), Kind.LOG_OUT, subject=user)


def tell_failure(credentials: dict[str, Any], request: HttpRequest | None = None, **signal: Any) -> None:
    """Log and record a failed attempt: username and address, never the password. axes has already counted it."""
    name = credentials.get("username")
    if request is None:
        log.warning("%r failed to log in", name)
        return
    if (failures := request.axes_failures_since_start) is None:  # type: ignore[attr-defined]
        outcome = "Locked out"
        log.warning("%r was locked out from %s: too many failures", name, address_of(request))
    else:
        outcome, limit = "Wrong password", settings.AXES_FAILURE_LIMIT
        log.warning("%r failed to log in from %s: %s of %s", name, address_of(request), failures, limit)
    # What was typed may be anything, even a password: it is recorded only if it is somebody's name.
    user = User.objects.filter(username=name).first()
    acts.record(signed_in_console(request, outcome, user=user), Kind.FAIL_LOG_IN, subject=user)
