"""Look-ups for all kinds of objects: by id, and as pages, newest first.

Source: https://docs.stripe.com/api/pagination
"""

from collections.abc import Sequence

from sandbox.context import Context
from sandbox.errors import JsonObject, ReferenceMissing, ResourceMissing
from sandbox.parameters import EXPAND, Integer, Schema, Text
from sandbox.store import NEWEST_FIRST, OLDEST_FIRST, Condition

DEFAULT_LIMIT = 10

PAGE: Schema = {
    **EXPAND,
    "limit": Integer(minimum=1, maximum=100),
    "starting_after": Text(),
    "ending_before": Text(),
}


def retrieve_object(context: Context, kind: str, object_id: str) -> JsonObject:
    """Find the acting account's object; raises `ResourceMissing`."""
    obj = context.tx.find(kind, object_id, account=context.account)
    if obj is None:
        raise ResourceMissing(kind, object_id)
    return obj


def list_objects(
    context: Context,
    params: JsonObject,
    *,
    kind: str,
    url: str,
    filters: tuple[str, ...],
    conditions: Sequence[Condition] = (),
) -> JsonObject:
    """Read one page of the acting account's objects; `filters` are parameters that are also fields."""
    conditions = [*conditions, *_conditions(params, filters)]
    order = NEWEST_FIRST
    if cursor := params.get("starting_after"):
        conditions.append(("seq", "<", _position(context, kind, cursor, param="starting_after")))
    if cursor := params.get("ending_before"):
        conditions.append(("seq", ">", _position(context, kind, cursor, param="ending_before")))
        order = OLDEST_FIRST
    limit = params.get("limit", DEFAULT_LIMIT)
    # One more than requested, to know whether there are more.
    found = context.tx.page(
        kind, account=context.account, conditions=conditions, order=order, limit=limit + 1
    )
    data = found[:limit] if order == NEWEST_FIRST else found[:limit][::-1]
    return {"object": "list", "data": data, "has_more": len(found) > limit, "url": url}


def _conditions(params: JsonObject, filters: tuple[str, ...]) -> list[Condition]:
    conditions: list[Condition] = []
    for field in filters:
        column = f"json_extract(body, '$.{field}')"
        value = params.get(field)
        if isinstance(value, list):
            conditions.extend((column, comparison, operand) for comparison, operand in value)
        elif value is not None:
            conditions.append((column, "=", value))
    return conditions


def _position(context: Context, kind: str, cursor: str, *, param: str) -> int:
    if context.tx.find(kind, cursor, account=context.account) is None:
        raise ReferenceMissing(kind, cursor, param=param)
    return context.tx.position(cursor)
