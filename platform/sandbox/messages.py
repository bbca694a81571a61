"""A received request, and what the server must do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Request:
    """`headers` has lower-case names; `path` excludes the query."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, kw_only=True)
class Response:
    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NoAnswer:
    """Close the connection without a response after `seconds`; with `reset` the peer sees ECONNRESET."""

    seconds: float = 0.0
    reset: bool = False
