"""JSON without duplicate names."""

import json
from typing import Any


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a JSON object from its members.

    Raises: ValueError for a duplicate name, because JSON doesn't define which of the values counts.
    """
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the name {next(name for name in names if names.count(name) > 1)!r} is duplicated")
    return result


_JSON = json.JSONDecoder(object_pairs_hook=members)


def parse_line(line: str | bytes) -> object:
    """Parse a line of NDJSON; return it as text if it isn't JSON, or has a duplicate name."""
    try:
        text = line if isinstance(line, str) else line.decode(json.detect_encoding(line), "surrogatepass")
        parsed: object = _JSON.decode(text)
    except (ValueError, RecursionError):
        # Bytes that aren't UTF-8 stay visible.
        text = line if isinstance(line, str) else line.decode("utf-8", "backslashreplace")
        return text.strip()
    return parsed
