"""Error pages: what happened, the request's id to ask about, and the way home."""

from http import HTTPStatus

from django.contrib import admin
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from database.requests import request_id

# What each page shows: a sign, what happened, and what to do.
_SENTENCES = {
    HTTPStatus.BAD_REQUEST: (
        "help",
        "That request can't be understood",
        "The address or the form is not one that the console makes. Nothing was changed.",
    ),
    HTTPStatus.FORBIDDEN: (
        "lock",
        "You don't have the right to do that",
        "Nothing was changed. A superuser grants rights under Users.",
    ),
    HTTPStatus.NOT_FOUND: (
        "search_off",
        "There is nothing at this address",
        "Nothing is ever deleted here, so the address or the id is mistyped.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "build",
        "Something went wrong here",
        "If you were changing something, look whether it was done before you try again. If it happens again, give an "
        "engineer the request id below: the log has the details.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "hourglass_empty",
        "The service can't answer right now",
        "The database or another part is unavailable. Try again in a moment. If you were changing something, look "
        "first whether it was done.",
    ),
}


def page(request: HttpRequest, status: HTTPStatus, *, fact: str = "") -> HttpResponse:
    """Render an error page; `fact` is a sentence for staff about this very error.

    It has the console's frame if the user is staff and the service works, else nothing but itself.
    """
    sign, title, sentence = _SENTENCES[status]
    context = {"sign": sign, "title": title, "sentences": [fact, sentence], "request_id": request_id.get()}
    is_broken = status >= HTTPStatus.INTERNAL_SERVER_ERROR  # then the frame's figures could fail, too
    if not is_broken and _is_staff(request):
        context |= admin.site.each_context(request)
        return render(request, "console/error.html", context, status=status)
    context |= {"site_title": "Payouts"}
    return render(request, "console/bare_error.html", context, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without its CSRF token."""
    fact = "This page was open for too long, or your browser keeps no cookies. Reload it, and try again."
    return page(request, HTTPStatus.FORBIDDEN, fact=fact)


def _is_staff(request: HttpRequest) -> bool:
    try:
        return hasattr(request, "user") and admin.site.has_permission(request)
    except Error:  # the user is read from the database
        return False
