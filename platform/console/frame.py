"""Pages that are no table's, in the console's frame."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from database.admin import Panel

# Enough for any row or page, and PostgreSQL can calculate with it.
_MOST_DIGITS = 15


def render(request: HttpRequest, template: str, *, title: str, **context: Any) -> HttpResponse:
    return TemplateResponse(
        request, template, {**admin.site.each_context(request), "title": title, **context}
    )


def render_panels(
    request: HttpRequest, *, title: str, panels: Sequence[Panel], next_page: str = "", **context: Any
) -> HttpResponse:
    """Render a page of panels, with `headlines` and a `lead` above them; `next_page` is an address's query."""
    return render(
        request,
        "console/panels_page.html",
        title=title,
        panels=panels,
        next_page=next_page,
        first_page=request.path if request.GET else "",
        **context,
    )


def number(text: str) -> int:
    """Read a number in an address.

    Raises: Http404.
    """
    if not (text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise Http404
    return int(text)
