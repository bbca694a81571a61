"""Text from outside, made storable in PostgreSQL."""

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Replace NULs and lone surrogates with U+FFFD, the replacement character."""
    return _UNSTORABLE.sub("\ufffd", text)
