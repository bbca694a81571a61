"""What stands above and below a list: tabs with counts, the rows' total, and their order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import FieldListFilter, ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet, TextChoices
from django.http import HttpRequest

# No list counts or sums more rows than this.
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Tab:
    """One of a list's tabs; `count` is how many rows it has, with a plus if there are more than are counted."""

    title: str
    count: str
    address: str
    chosen: bool


class OldestFirst(SimpleListFilter):
    """Turns the order of a list around; `LargeTableAdmin.get_ordering` does it."""

    title = "order"
    parameter_name = "order"
    OLDEST = "oldest"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(self.OLDEST, "Oldest first")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset


def turned_around(order: Sequence[str]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in order]


def tabs_by(changes: ChangeList, request: HttpRequest, *, field: str, states: type[TextChoices]) -> list[Tab]:
    """Return a tab for each state in which there are rows, and one for all; other filters stay."""
    parameter = f"{field}__exact"
    chosen = request.GET.get(parameter, "")
    rows = _without(changes, request, field=field)
    counts = {state: _count(rows.filter(**{field: state})) for state in states}
    return [
        Tab("All", "", changes.get_query_string(remove=[parameter, "p"]), chosen == ""),
        *(
            Tab(state.label, text, changes.get_query_string({parameter: state.value}, ["p"]), chosen == state)
            for state, text in counts.items()
            if text or chosen == state
        ),
    ]


def _without(changes: ChangeList, request: HttpRequest, *, field: str) -> QuerySet[Any]:
    """Select the list's rows as they would be without the filter on a field."""
    rows = changes.root_queryset
    for spec in changes.filter_specs:
        if not (isinstance(spec, FieldListFilter) and spec.field_path == field):
            filtered = spec.queryset(request, rows)
            rows = rows if filtered is None else filtered
    if changes.query:
        rows, _ = changes.model_admin.get_search_results(request, rows, changes.query)
    return rows.order_by()


def _count(rows: QuerySet[Any]) -> str:
    count = rows[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED:,}+" if count > MOST_COUNTED else f"{count:,}" if count else ""
