"""JSON in which no object names anything twice."""

import json
from typing import Any


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a JSON object of its members.

    Raises: ValueError if one is named twice: which of the two counts, JSON doesn't say.
    """
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is named twice")
    return made


_JSON = json.JSONDecoder(object_pairs_hook=members)


def parse_line(said: str | bytes) -> object:
    """Read a line of NDJSON; what is no JSON, or names a field twice, is given back as text."""
    try:
        line = said if isinstance(said, str) else said.decode(json.detect_encoding(said), "surrogatepass")
        parsed: object = _JSON.decode(line)
    except (ValueError, RecursionError):
        # Bytes that are no UTF-8 stay visible as such.
        text = said if isinstance(said, str) else said.decode("utf-8", "backslashreplace")
        return text.strip()
    return parsed
