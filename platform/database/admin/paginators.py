"""Pagination of tables that are too large to count."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from database.admin.listing import MOST_COUNTED


class CappedPaginator(Paginator[Any]):
    """Counts only as many rows as people page through; search and filters find older ones."""

    cap = MOST_COUNTED
    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[: self.cap].count()
