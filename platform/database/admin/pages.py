"""Lists and pages of tables that are read-only in the console."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import DateField, Model, QuerySet
from django.db.models.options import Options
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.text import capfirst

from database.admin.columns import Column, moment
from database.admin.filters import NarrowedBy
from database.admin.listing import OldestFirst, turned_around
from database.admin.paginators import CappedPaginator
from database.admin.panels import (
    TECHNICAL,
    headlines_for,
    sections_for,
    summaries_for,
    tab_asked_for,
    tabs_of,
)
from database.admin.personal import sees_personal_data
from database.admin.searching import looked_up
from database.display import name_of, page_of

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    from unfold.admin import ModelAdmin as _ModelAdmin


class ReadOnlyAdmin(_ModelAdmin):
    """A table that all staff can read and nobody can change in the console, not even superusers.

    `details` are the fields and columns on an object's page. `search_fields` are complete lookups (`external_id`,
    `source_key__startswith`), each of which can use an index. Every action of a list has a `right`.
    """

    details: Sequence[str | Column] = ()
    personal_search_fields: Sequence[str] = ()
    personal: Sequence[str | Column] = ()
    actions: Sequence[Any] | None = None
    list_disable_select_all = True
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "console/list.html"
    list_before_template = "console/narrowings.html"
    change_form_template = "console/page.html"
    change_form_before_template = "console/headlines.html"
    change_form_after_template = "console/panels.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer what this member of staff may do to several rows."""
        actions: dict[str, Any] = super().get_actions(request)
        return {
            name: action
            for name, action in actions.items()
            if request.user.has_perm(action[0].right.permission)
        }

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self._seen(request, self.details)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        shown = self.personal_search_fields if sees_personal_data(request) else ()
        return [*super().get_search_fields(request), *shown]

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._seen(request, super().get_list_display(request))

    def _seen(self, request: HttpRequest, names: Sequence[Any]) -> list[Any]:
        """Leave out what this person may not see, and show dates and times as everywhere."""
        hidden = () if sees_personal_data(request) else self.personal
        return [moment(name) if name in self._moments else name for name in names if name not in hidden]

    @cached_property
    def _moments(self) -> frozenset[str]:
        return frozenset(field.name for field in self.model._meta.fields if isinstance(field, DateField))

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Show the fields on the page, or if it has tabs, on the technical one."""
        tab = tab_asked_for(self.model, request)
        return super().get_fieldsets(request, obj) if tab is None or tab.title == TECHNICAL else []

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Look up the whole term in each field separately: one OR over several tables couldn't use an index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        matches = [rows.order_by().values("pk") for rows in looked_up(self.model, term)]
        for lookup in self.get_search_fields(request):
            try:
                matches.append(self.model._base_manager.filter(**{str(lookup): term}).values("pk"))
            except (ValidationError, ValueError):  # such as a name in a field of ids
                continue
        found = matches[0].union(*matches[1:]) if matches else queryset.none().values("pk")
        return queryset.filter(pk__in=found), False

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the object's page, which has its history: Django's knows only what forms changed."""
        return redirect(page_of(self.model(pk=unquote(object_id))))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if context and "cl" in context:
            context["title"] = capfirst(self.opts.verbose_name_plural)
            changes = context["cl"]
            changes.full_result_count = changes.result_count  # not counted: unfold would offer "Show all"
            context |= self.around_list(changes, request)
            context["narrowings"] = [
                (spec.title, spec.subject, changes.get_query_string(remove=[str(spec.parameter_name)]))
                for spec in changes.filter_specs
                if isinstance(spec, NarrowedBy) and spec.subject is not None
            ]
        return response

    def around_list(self, changes: ChangeList, request: HttpRequest) -> dict[str, Any]:
        """Return what the templates around the list show: `list_tabs`, and `list_totals`."""
        return {}

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Options[Any], object_id: str
    ) -> NoReturn:
        """Answer 404. Django leads home and guesses that the object was deleted, which nothing here ever is."""
        raise Http404(f"There is no {opts.verbose_name} {unquote(object_id)}.")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if (obj := kwargs.get("obj")) is not None:
            context["title"] = capfirst(self.opts.verbose_name)
            context["subtitle"] = name_of(obj)
            context["headlines"] = headlines_for(obj)
            context["summaries"] = summaries_for(obj, request)
            context["tabs"] = tabs_of(self.model)
            context["tab"] = tab_asked_for(self.model, request)
            context["sections"] = sections_for(obj, request)
        return super().render_change_form(request, context, *args, **kwargs)


class LargeTableAdmin(ReadOnlyAdmin):
    """A table of millions of rows: sorted newest or oldest first, and never counted completely."""

    ordering = ["-pk"]
    sortable_by = ()
    paginator = CappedPaginator

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [*super().get_list_filter(request), OldestFirst]

    def get_ordering(self, request: HttpRequest) -> Any:
        newest_first = [str(name) for name in super().get_ordering(request)]
        oldest = request.GET.get(OldestFirst.parameter_name) == OldestFirst.OLDEST
        return turned_around(newest_first) if oldest else newest_first
