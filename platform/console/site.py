"""The admin site."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

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

    index_title = "Overview"
    empty_value_display = "–"
    enable_nav_sidebar = True

    def extra_urls(self) -> list[URLPattern]:
        """Return the addresses of pages that belong to no table."""
        from console import as_creator, books, records, waiting  # noqa: PLC0415 (models are loaded by now)
        from console.acting.views import show_dialog  # noqa: PLC0415 (as above)
        from console.home import views as home  # noqa: PLC0415 (as above)

        return [
            path("act/<slug:name>/", self.admin_view(show_dialog), name="act"),
            path("act/<slug:name>/<str:key>/", self.admin_view(show_dialog), name="act"),
            path("creators/<uuid:pk>/api/", self.admin_view(as_creator.show_as_creator), name="as_creator"),
            path("payouts/<uuid:pk>/records/", self.admin_view(records.show_records), name="payout_records"),
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
