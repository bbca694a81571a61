"""JSON from Stripe, as Python and PostgreSQL can store it.

JSON allows what `text` and `jsonb` refuse: lone surrogates (such as `\\ud83d`, left behind by a form that cuts text in
the middle of an emoji), NULs, and numbers of any size.
"""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from database import texts

# Stripe's deepest objects, when expanded, have about a dozen levels.
DEEPEST = 100
_LARGEST = 2**63 - 1
_LONGEST = len(str(_LARGEST))
# A body that doesn't match this can be stored as it is.
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|NaN|Infinity|[0-9]{19}|[eE]\+?[0-9]{3}")


class NumberOutOfRange(ValueError):
    """A number that isn't finite, or needs more than 64 bits."""

    def __init__(self, number: str) -> None:
        super().__init__(f"the number {number[:40]} isn't finite or needs more than 64 bits")


class NestedTooDeep(ValueError):
    """JSON that is nested deeper than any of Stripe's objects."""

    def __init__(self) -> None:
        super().__init__(f"nested more than {DEEPEST} levels deep")


def parse(text: str) -> Any:
    """Parse JSON whose numbers can be stored; its text may still have to be made storable.

    Raises: NumberOutOfRange, NestedTooDeep, or ValueError if it isn't JSON.
    """
    try:
        return json.loads(text, parse_int=_integer, parse_float=_decimal, parse_constant=_refused)
    except RecursionError as error:
        raise NestedTooDeep from error


def parse_any_number(text: str) -> Any:
    """Parse JSON; a number that can't be stored becomes text, which can't be mistaken for an amount.

    Raises: ValueError if it isn't JSON, RecursionError.
    """
    return json.loads(text, parse_int=_integer_or_text, parse_float=_decimal_or_text, parse_constant=str)


def storable(parsed: Any, *, level: int = 0) -> Any:
    """Copy parsed JSON with all its text, including names, made storable.

    Raises: NestedTooDeep.
    """
    if isinstance(parsed, str):
        return texts.storable(parsed)
    if level > DEEPEST:
        raise NestedTooDeep
    if isinstance(parsed, dict):
        return {texts.storable(name): storable(value, level=level + 1) for name, value in parsed.items()}
    if isinstance(parsed, list):
        return [storable(value, level=level + 1) for value in parsed]
    return parsed


def storable_answer(body: bytes) -> str:
    """Rewrite the body of Stripe's answer so that everything in it can be stored, if it can't be yet.

    A body that isn't JSON stays as it is: the library reports it.
    """
    text = body.decode("utf-8", "replace")
    if not _SUSPECT.search(text):
        return text
    try:
        return json.dumps(storable(parse_any_number(text)))
    except (ValueError, RecursionError):
        return text


def moment(told: object) -> datetime | None:
    """Read one of Stripe's times: seconds since 1970, or RFC 3339 text as in its v2 API. None if it isn't valid."""
    try:
        if type(told) is int:
            return datetime.fromtimestamp(told, tz=UTC)
        if isinstance(told, str):
            parsed = datetime.fromisoformat(told)
            return parsed.astimezone(UTC) if parsed.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _integer(digits: str) -> int:
    # Python refuses to parse more than a few thousand digits.
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
