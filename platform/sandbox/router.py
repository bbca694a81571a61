"""Routes: which function handles which URL, and its parameters."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.context import Context
from sandbox.errors import JsonObject, UnknownUrl
from sandbox.parameters import Schema

# Called with the parsed parameters, and the ids in the URL by name.
Handler = Callable[[Context, JsonObject], JsonObject]


@dataclass(frozen=True)
class Route:
    """`path` is a template such as `/v1/transfers/{id}`; `schema` has all parameters of the body or query.

    API v2 answers a repeated key with `refresh`: the present state of what the first request made or changed.
    """

    method: str
    path: str
    handler: Handler
    schema: Schema
    refresh: Handler | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class Router:
    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [
            (re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path)), route) for route in routes
        ]

    def name(self, method: str, path: str) -> str:
        """Return the name of a request's route, or the request itself if it has none."""
        try:
            return self.match(method, path)[0].name
        except UnknownUrl:
            return f"{method} {path}"

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Find the route and the ids in the URL; raises `UnknownUrl`."""
        for pattern, route in self._routes:
            if route.method == method and (found := pattern.fullmatch(path)):
                return route, found.groupdict()
        raise UnknownUrl(method, path)
