"""Pagination by page number, for lists that never have millions of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from rest_framework import pagination, serializers

from web.links import public_link

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

PAGE_SIZE = 25
LARGEST_PAGE = 100
LAST_PAGE = 2**31 - 1


class PageInput(serializers.Serializer[Any]):
    page = serializers.IntegerField(min_value=1, max_value=LAST_PAGE, default=1)
    page_size = serializers.IntegerField(min_value=1, max_value=LARGEST_PAGE, default=PAGE_SIZE)


class ShortListPaginator(Paginator[Any]):
    """Counts the rows only if there are more after the page; otherwise reading the page gives the count."""

    def page(self, number: int | str) -> Page[Any]:
        skipped = (int(number) - 1) * self.per_page
        rows = list(self.object_list[skipped : skipped + self.per_page + 1])
        if len(rows) <= self.per_page and (rows or not skipped):
            self.count = skipped + len(rows)
        return Page(rows[: self.per_page], self.validate_number(number), self)


class NumberedPages(pagination.PageNumberPagination):
    """Pagination by `page` and `page_size`; invalid values are refused."""

    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE
    django_paginator_class = ShortListPaginator

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        PageInput(data=request.query_params).is_valid(raise_exception=True)
        return super().paginate_queryset(queryset, request, view)

    def get_next_link(self) -> str | None:
        link = super().get_next_link()
        return link and public_link(link)

    def get_previous_link(self) -> str | None:
        link = super().get_previous_link()
        return link and public_link(link)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Document the bounds and defaults of `PageInput`."""
        bounds = {
            "page": {"minimum": 1, "maximum": LAST_PAGE, "default": 1},
            "page_size": {"minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE},
        }
        parameters = super().get_schema_operation_parameters(view)
        return [{**item, "schema": {"type": "integer", **bounds[item["name"]]}} for item in parameters]
