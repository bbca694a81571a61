"""Lists of API v2: pages by `next_page_url`, newest first.

Source: https://docs.stripe.com/api-v2-overview#list-pagination
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from sandbox.context import Context
from sandbox.errors import InvalidRequest, JsonObject
from sandbox.parameters import Integer, Schema, Text
from sandbox.store import NEWEST_FIRST, Condition

DEFAULT_LIMIT = 20
PAGE: Schema = {"limit": Integer(minimum=1, maximum=100), "page": Text()}


def page(
    context: Context,
    params: JsonObject,
    *,
    kind: str,
    url: str,
    conditions: Sequence[Condition],
    asked: Sequence[tuple[str, object]],
) -> tuple[list[JsonObject], str | None]:
    """Read a page of the acting account's objects, and the URL of the next; `asked` repeats the filters in it."""
    limit = params.get("limit", DEFAULT_LIMIT)
    conditions = [*conditions, *_after(params.get("page"))]
    found = context.tx.page(
        kind, account=context.account, conditions=conditions, order=NEWEST_FIRST, limit=limit + 1
    )
    data = found[:limit]
    if len(found) <= limit:
        return data, None
    query = urlencode([*asked, ("limit", limit), ("page", f"page_{context.tx.position(data[-1]['id'])}")])
    return data, f"{url}?{query}"


def _after(cursor: str | None) -> list[Condition]:
    if cursor is None:
        return []
    position = cursor.removeprefix("page_")
    if not position.isdecimal():
        raise InvalidRequest(f"Invalid page: {cursor}", param="page")
    return [("seq", "<", int(position))]
