"""What management commands share: `--json`, `--actor`, results, connections of worker threads."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

from django.core.management.base import CommandError
from django.db import connections

from database import staff

P = ParamSpec("P")
R = TypeVar("R")


def add_json_option(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON on the last line")


def add_actor_option(parser: ArgumentParser, *, required: bool = True) -> None:
    parser.add_argument("--actor", required=required, default="", help="your user name in the console")


def signature(options: Mapping[str, Any], right: staff.Right) -> str:
    """Return how an act by `--actor` is signed.

    Raises: CommandError: they are no active member of staff, or lack the right.
    """
    try:
        return staff.signature_on_command_line(options["actor"], right)
    except (staff.NotStaff, staff.RightMissing) as refusal:
        raise CommandError(str(refusal)) from refusal


def print_result(out: Any, *, as_json: bool, result: Mapping[str, Any]) -> None:
    """Print what came out: one JSON line, or a line for each figure and a table for each list of rows."""
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
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            out.write(f"{name.replace('_', ' ')}:")
            for line in _table(value):
                out.write(f"  {line}")
        else:
            out.write(f"{name.replace('_', ' ')}: {value or 'none' if isinstance(value, list) else value}")


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Lay out rows of the same keys under their names, each column as wide as its widest."""
    heads = [name.replace("_", " ") for name in rows[0]]
    cells = [["-" if value is None else str(value) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    for line in (heads, *cells):
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def close_connections_after(function: Callable[P, R]) -> Callable[P, R]:
    """Have a pool's thread give its database connection back when the function returns."""

    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    return wrapped
