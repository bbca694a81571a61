"""JSON that Stripe sends, as Python and PostgreSQL can hold it.

JSON allows what `text` and `jsonb` refuse: half a character (`\\ud83d` alone, which a form that cuts text in the
middle of an emoji leaves), NUL, and numbers without bounds.
"""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from database import texts

# Stripe's deepest objects, expanded, have a dozen levels.
DEEPEST = 100
_LARGEST = 2**63 - 1
_LONGEST = len(str(_LARGEST))
# What a body must contain to hold anything that can't be stored.
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|NaN|Infinity|[0-9]{19}|[eE]\+?[0-9]{3}")


class NumberOutOfRange(ValueError):
    """A number that is none, is infinite, or needs more than 64 bits."""

    def __init__(self, number: str) -> None:
        super().__init__(f"it holds the number {number[:40]}, which is none or needs more than 64 bits")


class NestedTooDeep(ValueError):
    """JSON of more levels than anything of Stripe's."""

    def __init__(self) -> None:
        super().__init__(f"it is nested more than {DEEPEST} levels deep")


def parse(text: str) -> Any:
    """Read JSON whose numbers can be stored; its text is as it came.

    Raises: NumberOutOfRange, NestedTooDeep, or ValueError if it is no JSON.
    """
    try:
        return json.loads(text, parse_int=_integer, parse_float=_decimal, parse_constant=_refused)
    except RecursionError as error:
        raise NestedTooDeep from error


def parse_any_number(text: str) -> Any:
    """Read JSON; a number that can't be stored becomes its text, which nobody takes for an amount.

    Raises: ValueError if it is no JSON, RecursionError.
    """
    return json.loads(text, parse_int=_integer_or_text, parse_float=_decimal_or_text, parse_constant=str)


def storable(said: Any, *, level: int = 0) -> Any:
    """Copy parsed JSON with all its text, names too, made storable.

    Raises: NestedTooDeep.
    """
    if isinstance(said, str):
        return texts.storable(said)
    if level > DEEPEST:
        raise NestedTooDeep
    if isinstance(said, dict):
        return {texts.storable(name): storable(value, level=level + 1) for name, value in said.items()}
    if isinstance(said, list):
        return [storable(value, level=level + 1) for value in said]
    return said


def storable_answer(body: bytes) -> str:
    """Rewrite the body of an answer of Stripe's so that all it holds can be stored, if it isn't so already.

    What is no JSON stays as it is: the client says so.
    """
    text = body.decode("utf-8", "replace")
    if not _SUSPECT.search(text):
        return text
    try:
        return json.dumps(storable(parse_any_number(text)))
    except (ValueError, RecursionError):
        return text


def moment(seconds: object) -> datetime | None:
    """Read a time as Stripe tells it, in seconds since 1970; None if it is none that a calendar has."""
    if type(seconds) is not int:
        return None
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _integer(digits: str) -> int:
    # Python reads no more than some thousand digits.
    if len(digits) > _LONGEST + 1 or not -_LARGEST <= int(digits) <= _LARGEST:
        raise NumberOutOfRange(digits)
    return int(digits)


def _decimal(number: str) -> float:
    if not math.isfinite(float(number)):
        raise NumberOutOfRange(number)
    return float(number)


def _refused(constant: str) -> float:
    raise NumberOutOfRange(constant)


def _integer_or_text(digits: str) -> int | str:
    try:
        return _integer(digits)
    except NumberOutOfRange:
        return digits


def _decimal_or_text(number: str) -> float | str:
    try:
        return _decimal(number)
    except NumberOutOfRange:
        return number
