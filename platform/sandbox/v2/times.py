"""Times of API v2: RFC 3339 with milliseconds."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.errors import InvalidRequest
from sandbox.forms import Value
from sandbox.parameters import COMPARISONS, Parameter, Text, read_parameters


def timestamp(moment: float) -> str:
    """Write seconds since 1970 as `2026-11-28T05:00:00.000Z`."""
    written = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")


@dataclass(frozen=True)
class Times(Parameter):
    """Bounds of a time: parses into comparisons with times as they are written here, which sort as text."""

    def read(self, name: str, raw: Value) -> list[tuple[str, str]]:
        if isinstance(raw, str):
            raise InvalidRequest(f"Invalid {name}: must have bounds", param=name)
        bounds = read_parameters({bound: Text() for bound in COMPARISONS}, raw, within=name)
        return [(COMPARISONS[bound], _normal(name, moment)) for bound, moment in bounds.items()]


def _normal(name: str, moment: str) -> str:
    try:
        return timestamp(datetime.fromisoformat(moment).timestamp())
    except ValueError:
        raise InvalidRequest(f"Invalid timestamp: {moment}", param=name) from None
