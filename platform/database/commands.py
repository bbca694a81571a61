"""What management commands share: `--json`, results, connections of worker threads."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
R = TypeVar("R")


def add_json_option(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON on the last line")


def print_result(out: Any, *, as_json: bool, result: Mapping[str, Any]) -> None:
    """Print what came out: one JSON line, or a line for each figure."""
    if as_json:
        out.write(json.dumps(result, default=str))
        return
    for name, value in result.items():
        if isinstance(value, Mapping) and not value:
            out.write(f"{name.replace('_', ' ')}: none")
        elif isinstance(value, Mapping):
            out.write(f"{name.replace('_', ' ')}:")
            for inner, figure in value.items():
                out.write(f"  {inner}: {figure}")
        else:
            out.write(f"{name.replace('_', ' ')}: {value}")


def close_connections_after(function: Callable[P, R]) -> Callable[P, R]:
    """Have a pool's thread give its database connection back when the function returns."""

    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    return wrapped
