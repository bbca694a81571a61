"""Pages of tables that are too large to be counted."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property


class CappedPaginator(Paginator[Any]):
    """Counts no further than anyone pages through; whoever wants an older row searches or filters."""

    cap = 10_000
    template_name = "console/capped_pagination.html"
    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[: self.cap].count()
