"""How a test delivers a webhook."""

from collections.abc import Mapping
from typing import Protocol

from tests.answers import Answer


class Deliver(Protocol):
    """Post a body, signed as told; an `event` is signed for the endpoint that it belongs to."""

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
