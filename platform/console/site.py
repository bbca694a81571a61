"""The admin site."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

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
        from console import books  # noqa: PLC0415 (models are loaded by now)
        from console.acting.views import show_dialog  # noqa: PLC0415 (as above)

        return [
            path("act/<slug:name>/", self.admin_view(show_dialog), name="act"),
            path("act/<slug:name>/<str:key>/", self.admin_view(show_dialog), name="act"),
            path("books/", self.admin_view(books.show_books), name="books"),
            path("books/<int:pk>/", self.admin_view(books.show_running_balance), name="running_balance"),
        ]

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Answer `admin:search`. Unfold's own search changes the term's case, and keeps results for minutes."""
        from console.search.views import results  # noqa: PLC0415 (models aren't loaded when the site is made)

        return results(request)
