"""Which function answers which address, and what parameters it takes."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.context import Context
from sandbox.errors import JsonObject, UnknownUrl
from sandbox.parameters import Schema

# Takes the parameters that its schema read, with the ids of the address by their names.
Handler = Callable[[Context, JsonObject], JsonObject]


@dataclass(frozen=True)
class Route:
    """`path` is a template, such as `/v1/transfers/{id}`; `schema` says all that body or query may hold."""

    method: str
    path: str
    handler: Handler
    schema: Schema

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class Router:
    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [
            (re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path)), route) for route in routes
        ]

    def name(self, method: str, path: str) -> str:
        """Name the route of a request, or for want of one the request itself."""
        try:
            return self.match(method, path)[0].name
        except UnknownUrl:
            return f"{method} {path}"

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Find the route and the ids in the address; raises `UnknownUrl`."""
        for pattern, route in self._routes:
            if route.method == method and (found := pattern.fullmatch(path)):
                return route, found.groupdict()
        raise UnknownUrl(method, path)
