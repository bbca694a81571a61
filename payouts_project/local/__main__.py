"""`python -m payouts_project.local COMMAND`: what make calls."""

import argparse
import sys

from . import commands
from .errors import LocalError


def main() -> None:
    """Run one command; a refusal is a sentence and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m payouts_project.local")
    choices = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in (
        ("up", commands.up),
        ("down", commands.down),
        ("env", commands.env),
        ("status", commands.show_status),
        ("supervise", commands.supervise),
    ):
        choice = choices.add_parser(name, help=(command.__doc__ or "").split("\n", 1)[0])
        choice.set_defaults(run=lambda _arguments, command=command: command())
    throwaway = choices.add_parser(
        "throwaway", help="Run a program with servers that exist as long as it runs."
    )
    throwaway.add_argument("program", nargs=argparse.REMAINDER)
    throwaway.set_defaults(
        run=lambda arguments: sys.exit(commands.run_with_throwaway_servers(arguments.program))
    )
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except LocalError as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
