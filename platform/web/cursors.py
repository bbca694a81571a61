"""Pagination by a row's position, for lists of millions of rows: every page costs the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination

from web.links import public_link

if TYPE_CHECKING:
    from rest_framework.request import Request

LARGEST_PAGE = 100
Position = tuple[int, int]
LAST: Position = (2**63 - 1, 2**63 - 1)


class Placed(Protocol):
    @property
    def position(self) -> Position: ...


Row_co = TypeVar("Row_co", bound=Placed, covariant=True)


class Rows(Protocol[Row_co]):
    """Rows ordered by position; both methods return the last one first."""

    def before(self, position: Position, *, count: int) -> Sequence[Row_co]: ...

    def after(self, position: Position, *, count: int) -> Sequence[Row_co]: ...


class PageSizeInput(serializers.Serializer[Any]):
    page_size = serializers.IntegerField(
        min_value=1, max_value=LARGEST_PAGE, default=LARGEST_PAGE, help_text="Records on a page."
    )


class PositionPages(CursorPagination):
    """Pagination by `cursor` and `page_size`; the links to the next and the previous page contain the cursors."""

    page_size = LARGEST_PAGE
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE

    def read(self, rows: Rows[Row_co], request: Request) -> Sequence[Row_co]:
        """Read the requested page, like `paginate_queryset` for a queryset."""
        reader = PageSizeInput(data=request.query_params)
        reader.is_valid(raise_exception=True)
        size = reader.validated_data["page_size"]
        self.base_url = public_link(request.build_absolute_uri())
        cursor = self.decode_cursor(request)
        backwards = cursor is not None and cursor.reverse
        read = rows.after if backwards else rows.before
        found = read(_position(cursor), count=size + 1)  # one more row shows whether there is another page
        more = len(found) > size
        page = found[-size:] if backwards else found[:size]
        self.has_next = backwards or more
        self.has_previous = more if backwards else cursor is not None
        self.ends = (page[0].position, page[-1].position) if page else None
        return page

    def get_next_link(self) -> str | None:
        return self._link(self.ends[1], reverse=False) if self.ends and self.has_next else None

    def get_previous_link(self) -> str | None:
        return self._link(self.ends[0], reverse=True) if self.ends and self.has_previous else None

    def _link(self, position: Position, *, reverse: bool) -> str:
        written = "-".join(map(str, position))
        return str(self.encode_cursor(Cursor(offset=0, reverse=reverse, position=written)))  # type: ignore[arg-type]  # text


def _position(cursor: Cursor | None) -> Position:
    if cursor is None:
        return LAST
    first, _, second = str(cursor.position).partition("-")
    if not (first.isdecimal() and second.isdecimal()):
        raise NotFound("This cursor does not belong to this list.")
    return min(int(first), LAST[0]), min(int(second), LAST[1])
