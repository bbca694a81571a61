"""The admin site."""

from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from django.contrib import admin
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import Resolver404, URLPattern, path, resolve, reverse

from accounts.models import User
from database import acts
from database.acts import Kind
from database.staff import signed_in_console

if TYPE_CHECKING:
    _AdminSite = admin.AdminSite
else:
    from unfold.sites import UnfoldAdminSite as _AdminSite


class ConsoleSite(_AdminSite):
    """The staff console. Its look, navigation and home are configured in the settings, under UNFOLD."""

    index_title = "Home"
    empty_value_display = "–"
    enable_nav_sidebar = True

    def extra_urls(self) -> list[URLPattern]:
        """Return the addresses of pages that belong to no table."""
        from console import approvals, as_creator, books, records, waiting  # noqa: PLC0415 (models are loaded by now)
        from console.acting.views import show_dialog  # noqa: PLC0415 (as above)
        from console.home import views as home  # noqa: PLC0415 (as above)

        return [
            path("act/<slug:name>/", self.admin_view(show_dialog), name="act"),
            path("act/<slug:name>/<str:key>/", self.admin_view(show_dialog), name="act"),
            path("creators/<uuid:pk>/api/", self.admin_view(as_creator.show_as_creator), name="as_creator"),
            path("payouts/<uuid:pk>/records/", self.admin_view(records.show_records), name="payout_records"),
            path("approvals/", self.admin_view(approvals.show), name="approvals"),
            path("books/", self.admin_view(books.show_books), name="books"),
            path("books/<int:pk>/", self.admin_view(books.show_running_balance), name="running_balance"),
            path("held/", self.admin_view(waiting.show_held), name="held"),
            path(
                "negative-balances/",
                self.admin_view(waiting.show_negative_balances),
                name="negative_balances",
            ),
            path("home/last-run/", self.admin_view(home.show_last_run), name="last_run"),
            path("home/forecast/", self.admin_view(home.refresh_forecast), name="refresh_forecast"),
        ]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Refuse addresses with a NUL, which no row contains and PostgreSQL doesn't take."""

        @wraps(view)
        def storable_only(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if "\0" in unquote(request.get_full_path()):
                raise SuspiciousOperation("the address contains a NUL")
            response: HttpResponse = view(request, *args, **kwargs)
            return response

        return super().admin_view(storable_only, cacheable)

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Answer `admin:search`. Unfold's own search changes the term's case, and keeps results for minutes."""
        from console.search.views import results  # noqa: PLC0415 (models aren't loaded when the site is made)

        return results(request)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Let users change their own password, and record that they did."""
        user = request.user
        assert isinstance(user, User)
        before = user.password
        with transaction.atomic():
            response: TemplateResponse = super().password_change(request, extra_context)
            if user.password != before:
                act = signed_in_console(request, "Changed their own password", user=user)
                acts.record(act, Kind.CHANGE_PASSWORD, subject=user)
        return response

    def app_index(self, request: HttpRequest, app_label: str, extra_context: object = None) -> Any:
        """Lead home from an app's address: the sidebar is the only menu."""
        return HttpResponseRedirect(reverse("admin:index"))

    def catch_all_view(self, request: HttpRequest, url: str) -> HttpResponse:
        """Add a slash that was left out, though the API's addresses have none and APPEND_SLASH is off."""
        if not url.endswith("/"):
            try:
                found = resolve(f"{request.path}/")
            except Resolver404:
                found = None
            if found and getattr(found.func, "should_append_slash", True):
                query = request.META["QUERY_STRING"]
                return HttpResponsePermanentRedirect(f"{request.path}/{'?' * bool(query)}{query}")
        raise Http404
