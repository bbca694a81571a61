"""Pause all sending, resume it, or tell what stops it; who did it and why is kept."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import ReasonMissing
from database import sql
from database.commands import add_json_option, print_result
from payouts import selectors
from payouts.services import pauses


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for name in ("pause", "resume"):
            act = acts.add_parser(name)
            act.add_argument("--reason", required=True)
            act.add_argument("--actor", required=True, help="who does this: a member of staff")
            add_json_option(act)
        add_json_option(acts.add_parser("status"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = _act(options)
        except ReasonMissing as refusal:
            raise CommandError(str(refusal)) from refusal
        print_result(self.stdout, as_json=options["json"], result=result)


def _act(options: dict[str, Any]) -> dict[str, Any]:
    if options["act"] == "status":
        return {
            "pauses": {
                f"{pause.cause} {pause.currency}".strip(): pause.detail for pause in selectors.open_pauses()
            }
        }
    why = {"reason": options["reason"], "actor": options["actor"], "now": sql.now()}
    if options["act"] == "pause":
        return {"paused": str(pauses.pause_sending(**why).pk)}
    return {"lifted": pauses.resume_sending(**why)}
