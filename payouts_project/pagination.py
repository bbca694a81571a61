"""Pages of lists: numbered where there are hundreds of rows, by cursor where there can be millions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import pagination, serializers

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

PAGE_SIZE = 25
LARGEST_PAGE = 100
LAST_PAGE = 2**31 - 1


class PageQuery(serializers.Serializer[Any]):
    page = serializers.IntegerField(min_value=1, max_value=LAST_PAGE, default=1)
    page_size = serializers.IntegerField(min_value=1, max_value=LARGEST_PAGE, default=PAGE_SIZE)


class CursorQuery(serializers.Serializer[Any]):
    page_size = serializers.IntegerField(min_value=1, max_value=LARGEST_PAGE, default=LARGEST_PAGE)


class NumberedPages(pagination.PageNumberPagination):
    """`page` and `page_size`; what is neither a page nor a size is refused, not guessed at."""

    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        PageQuery(data=request.query_params).is_valid(raise_exception=True)
        return super().paginate_queryset(queryset, request, view)


class CursorPages(pagination.CursorPagination):
    """`cursor`, which a page's links carry, and `page_size`; a page costs the same wherever it lies."""

    page_size = LARGEST_PAGE
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        CursorQuery(data=request.query_params).is_valid(raise_exception=True)
        return super().paginate_queryset(queryset, request, view)
