"""Pause all sending, resume it, or tell what stops it; who did it and why is kept."""

from argparse import ArgumentParser
from typing import Any

from database import sql
from database.commands import StaffCommand, act_of, add_act, add_json_option, add_reason_option
from database.staff import Right
from payouts import selectors
from payouts.services import pauses


class Command(StaffCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        pause = add_act(acts, "pause", right=Right.PAUSE_SENDING, help="send nothing to anybody")
        resume = add_act(
            acts, "resume", right=Right.RESUME_SENDING, help="lift what staff or a refused key have paused"
        )
        for act in (pause, resume):
            add_reason_option(act)
        add_json_option(acts.add_parser("status", help="show what is paused, and why"))

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["act"] == "status":
            return {
                "pauses": {
                    f"{pause.cause} {pause.currency}".strip(): pause.detail
                    for pause in selectors.open_pauses()
                }
            }
        act, now = act_of(options), sql.now()
        if options["act"] == "pause":
            return {"paused": str(pauses.pause_sending(act=act, now=now).pk)}
        return {"lifted": pauses.resume_sending(act=act, now=now)}
