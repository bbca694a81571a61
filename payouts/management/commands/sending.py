"""Pause or resume sending, or show what pauses it. Records who did it and why."""

from typing import Any

from database import sql
from database.commands import StaffCommand, act_of
from database.staff import Right
from payouts import selectors
from payouts.services.deciding import pauses


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        self.add_act("pause", right=Right.PAUSE_SENDING, help="pause all sending")
        self.add_act("resume", right=Right.RESUME_SENDING, help="lift pauses by staff and for a refused key")
        self.add_report("status", help="list open pauses, with the reason")

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
