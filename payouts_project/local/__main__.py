"""`python -m payouts_project.local COMMAND`, called by make."""

import argparse
import os
import sys

from . import commands
from .errors import LocalError


def main() -> None:
    """Run one command; an error is printed as a sentence, with exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m payouts_project.local")
    choices = parser.add_subparsers(required=True, metavar="COMMAND")
    choices.add_parser("up", help="start the service; return when it is ready").set_defaults(
        run=lambda _: commands.up(os.environ)
    )
    choices.add_parser("down", help="stop it").set_defaults(run=lambda _: commands.down())
    choices.add_parser("env", help="print its variables for a shell").set_defaults(
        run=lambda _: commands.env()
    )
    choices.add_parser("status", help="print what runs").set_defaults(run=lambda _: commands.show_status())
    choices.add_parser("supervise", help="be its supervisor").set_defaults(run=lambda _: commands.supervise())
    demo = choices.add_parser("demo", help="start it, pay real sales through it, and show what came of it")
    demo.add_argument("--exit", action="store_true", help="stop everything again")
    demo.set_defaults(run=lambda options: commands.demo(os.environ, stops=options.exit))
    throwaway = choices.add_parser("throwaway", help="run a program with servers that live as long as it")
    throwaway.add_argument("program", nargs=argparse.REMAINDER)
    throwaway.set_defaults(run=lambda options: commands.run_with_throwaway_servers(options.program))
    arguments = parser.parse_args()
    try:
        sys.exit(arguments.run(arguments))
    except LocalError as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
