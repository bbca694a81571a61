"""Acts on several rows of a list: choosing them opens one dialog about all of them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect

from console.acting.buttons import address_of_many
from console.acting.declaring import ConsoleAct, all_acts
from console.acting.views import MOST_AT_ONCE
from database.admin import ReadOnlyAdmin


def offer_in_lists(site: AdminSite) -> None:
    """Give the lists of the site the acts that can be done to several rows."""
    for act in all_acts():
        if act.in_lists and act.model:
            page = site.get_model_admin(act.model)
            assert isinstance(page, ReadOnlyAdmin)
            page.actions = [*(page.actions or ()), _opening(act)]


def _opening(act: ConsoleAct[Any]) -> Callable[..., HttpResponseRedirect | None]:
    def open_dialog(
        page: ReadOnlyAdmin, request: HttpRequest, chosen: QuerySet[Any]
    ) -> HttpResponseRedirect | None:
        keys = [str(key) for key in chosen.values_list("pk", flat=True)[: MOST_AT_ONCE + 1]]
        if len(keys) > MOST_AT_ONCE:
            messages.error(request, f"Choose at most {MOST_AT_ONCE} at once.")
            return None
        return HttpResponseRedirect(address_of_many(act, keys, back=request.get_full_path()))

    opening: Any = open_dialog
    opening.__name__ = act.name
    opening.short_description = act.label
    opening.right = act.right
    return open_dialog
