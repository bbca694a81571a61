"""Broken text, as forms and banks sometimes produce it: cut inside an emoji, or with a NUL. JSON allows both.

Text that people write can be broken (names, descriptions, messages, metadata). What Stripe writes, such as ids, codes
and statuses, never is.
"""

from sandbox.errors import JsonObject

BREAK = "\ud83d\x00"
_WRITTEN_BY_PEOPLE = frozenset(
    [
        "account_holder_name",
        "bank_name",
        "description",
        "email",
        "failure_message",
        "first_name",
        "last_name",
        "message",
        "name",
        "product_description",
        "statement_descriptor",
    ]
)
_NOTE = "note"


def broken(obj: JsonObject) -> JsonObject:
    """Break all text written by people in an object and in the objects within it; metadata gets a broken note."""
    return {name: _broken(name, value) for name, value in obj.items()}


def _broken(name: str, value: object) -> object:
    if isinstance(value, str) and name in _WRITTEN_BY_PEOPLE:
        return value + BREAK
    if isinstance(value, list):
        return [_broken(name, item) for item in value]
    if not isinstance(value, dict):
        return value
    return {**broken(value), _NOTE: BREAK} if name == "metadata" else broken(value)
