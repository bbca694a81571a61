"""Shared parts of management commands: `--json`, `--actor`, `--reason`, results, connections of worker threads."""

import json
from abc import abstractmethod
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ParamSpec, TypeVar

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from database import staff
from database.refusals import Refusal
from money import Money, Period, parse_month, parse_time

P = ParamSpec("P")
R = TypeVar("R")


def add_actor_option(parser: ArgumentParser, *, required: bool = True) -> None:
    parser.add_argument(
        "--actor", required=required, default="", help="your username in the console, recorded with the act"
    )


def add_reason_option(parser: ArgumentParser, *, required: bool = True, default: str | None = None) -> None:
    parser.add_argument("--reason", required=required, default=default, help="why, recorded with the act")


def act_of(options: Mapping[str, Any]) -> staff.Act:
    """Return the act that `sign` made of the options."""
    act: staff.Act = options["signed"]
    return act


def month(text: str) -> Period:
    """Parse an option that is a month."""
    try:
        return parse_month(text)
    except ValueError as problem:
        raise ArgumentTypeError(str(problem)) from problem


def moment(text: str) -> datetime:
    """Parse an option that is a point in time."""
    parsed = parse_time(text)
    if parsed is None:
        raise ArgumentTypeError(
            f"{text!r} is not an ISO 8601 time with an offset, such as 2026-11-01T00:00:00Z"
        )
    return parsed


def day(text: str) -> date:
    """Parse an option that is a day."""
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise ArgumentTypeError(f"{text!r} is not a day, such as 2026-11-01") from problem


def sign(options: dict[str, Any], right: staff.Right) -> staff.Act:
    """Make an act of `--actor` and `--reason`, and keep it for `act_of`.

    Raises: NotStaff, RightMissing, ReasonMissing; CommandError without an actor.
    """
    if not options["actor"]:
        raise CommandError("--actor is missing. Use your username in the console.")
    act = staff.act_on_command_line(options["actor"], right, options["reason"] or "")
    options["signed"] = act
    return act


class ServiceCommand(BaseCommand):
    """A command that calls services. A service's refusal becomes the command's error message.

    `show` prints the result, as JSON with `--json`.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="print the result as one JSON object on the last line"
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal

    def show(self, options: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        _print(self.stdout, as_json=options["json"], result=result)


class StaffCommand(ServiceCommand):
    """A command whose subcommands are acts and reports. The actor is checked before anything is done."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        self._subcommands = parser.add_subparsers(dest="act", required=True)
        self.add_subcommands()

    @abstractmethod
    def add_subcommands(self) -> None:
        """Add each act and each report."""

    def add_act(
        self, name: str, *, right: staff.Right, help: str, reason: str | None = None
    ) -> ArgumentParser:
        """Add a subcommand that changes something. It needs this right, and a reason unless there is a usual one."""
        parser = self.add_report(name, help=help)
        parser.set_defaults(right=right)
        add_actor_option(parser)
        add_reason_option(parser, required=reason is None, default=reason)
        return parser

    def add_report(self, name: str, *, help: str) -> ArgumentParser:
        """Add a subcommand that only reads; everyone who can run commands can run it."""
        parser: ArgumentParser = self._subcommands.add_parser(name, help=help)
        super().add_arguments(parser)
        return parser

    @abstractmethod
    def act(self, options: dict[str, Any]) -> Mapping[str, Any]:
        """Execute the subcommand and return its result; `act_of(options)` is the act."""

    def handle(self, *args: Any, **options: Any) -> None:
        if right := options.get("right"):
            sign(options, right)
        self.show(options, self.act(options))


def _print(out: Any, *, as_json: bool, result: Mapping[str, Any]) -> None:
    """Print a result: one line of JSON, or a line for each figure and a table for each list of rows.

    Money is in minor units in JSON, and formatted for people otherwise.
    """
    if as_json:
        out.write(json.dumps(result, default=_plain))
        return
    for name, value in result.items():
        if isinstance(value, Mapping) and not value:
            out.write(f"{name.replace('_', ' ')}: none")
        elif isinstance(value, Mapping):
            out.write(f"{name.replace('_', ' ')}:")
            for inner, figure in value.items():
                out.write(f"  {inner}: {_in_a_line(figure)}")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            out.write(f"{name.replace('_', ' ')}:")
            for line in _table(value):
                out.write(f"  {line}")
        else:
            out.write(f"{name.replace('_', ' ')}: {_in_a_line(value)}")


def _plain(value: object) -> int | str:
    return value.amount if isinstance(value, Money) else str(value)


def _in_a_line(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {figure}" for name, figure in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Format rows with the same keys as a table with a header and aligned columns."""
    heads = [name.replace("_", " ") for name in rows[0]]
    cells = [["-" if value is None else str(value) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    for line in (heads, *cells):
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def close_connections_after(function: Callable[P, R]) -> Callable[P, R]:
    """Close the thread's database connections when the function returns."""

    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    return wrapped
