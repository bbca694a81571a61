"""The type of the `deliver` fixture."""

from collections.abc import Mapping
from typing import Protocol

from tests.answers import Answer


class Deliver(Protocol):
    """Post a body with this signature; an `event` is by default signed for the endpoint that it belongs to."""

    def __call__(
        self,
        event: object = None,
        *,
        body: str | bytes | None = None,
        secret: str | None = None,
        signature: str | None = None,
        age: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> Answer: ...
