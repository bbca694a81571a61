"""What all answers have in common."""

from collections.abc import Mapping
from typing import Any


def absent_as_null(said: Mapping[str, Any]) -> dict[str, Any]:
    """Tell text that isn't there as null: the tables hold it as empty, and no answer does."""
    return {name: None if value == "" else value for name, value in said.items()}
