"""The admin site."""

from typing import TYPE_CHECKING

from django.contrib import admin

if TYPE_CHECKING:
    _AdminSite = admin.AdminSite
else:
    from unfold.sites import UnfoldAdminSite as _AdminSite


class ConsoleSite(_AdminSite):
    """The staff console. Its look, navigation and home are configured in the settings, under UNFOLD."""

    index_title = "Overview"
    empty_value_display = "–"
    enable_nav_sidebar = True
