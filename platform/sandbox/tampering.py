"""What never happens at Stripe: changing its record of an object, to test whether anything notices."""

from sandbox.context import Context
from sandbox.errors import InvalidRequest, JsonObject
from sandbox.parameters import Array, Currency, Integer, Text
from sandbox.router import Route

BEYOND_64_BITS = 10**30


def change(context: Context, params: JsonObject) -> JsonObject:
    """Overwrite fields of an object, set them to null or remove them; no balance moves and no event is sent."""
    obj = {**_find(context, params["id"]), **params}
    obj |= dict.fromkeys(obj.pop("null", []))
    for field in obj.pop("without", []):
        obj.pop(field, None)
    context.tx.save(obj)
    return obj


def forget(context: Context, params: JsonObject) -> JsonObject:
    """Hide an object from everyone."""
    obj = _find(context, params["id"])
    context.tx.disown(obj["id"])
    return obj


def _find(context: Context, object_id: str) -> JsonObject:
    obj = context.tx.get(object_id)
    if obj is None:
        raise InvalidRequest(f"No such object: {object_id}")
    return obj


ROUTES = (
    Route(
        "POST",
        "/_sandbox/objects/{id}",
        change,
        {
            "amount": Integer(largest=BEYOND_64_BITS),
            "amount_reversed": Integer(minimum=0, largest=BEYOND_64_BITS),
            "created": Integer(minimum=0),
            "currency": Currency(),
            "destination": Text(),
            "null": Array(Text()),
            "status": Text(),
            "without": Array(Text()),
        },
    ),
    Route("DELETE", "/_sandbox/objects/{id}", forget, {}),
)
