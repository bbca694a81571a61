"""Pause or resume sending, release what waits, retry what was refused alike. Records who did it and why."""

from typing import Any

from database import sql
from database.commands import StaffCommand, act_of, day
from database.staff import Right
from payouts import selectors
from payouts.errors import NothingRefusedAlike
from payouts.services.deciding import gate, pauses, run_size
from payouts.services.staff import interventions
from stripe_io import installation


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        self.add_act("pause", right=Right.PAUSE_SENDING, help="pause all sending")
        self.add_act(
            "resume",
            right=Right.RESUME_SENDING,
            help="lift pauses by staff, for a refused key and after refusals",
        )
        self.add_act(
            "retry-refused",
            right=Right.RETRY_PAYOUT,
            help="retry the payouts behind the latest pause after refusals; while it lasts, they wait",
        )
        release = self.add_act(
            "release-run",
            right=Right.RESUME_SENDING,
            help="send a run that waits because it is far larger than usual",
        )
        release.add_argument("cutoff", type=day, help="the run's cut-off, such as 2026-11-01")
        release.add_argument("--currency", type=str.upper, help="release only this currency")
        self.add_report("status", help="list open pauses, with the reason")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["act"] == "status":
            checked = installation.remembered()
            return {
                "pauses": {
                    f"{pause.cause} {pause.run.cutoff if pause.run else ''} {pause.currency}".strip(): pause.detail
                    for pause in selectors.open_pauses()
                },
                "gate": "open"
                if gate.is_open()
                else "shut: before the next transfer, Stripe is asked whether the database knows them all",
                "transfers_checked_at": checked.checked_at,
                "transfers_known_until": checked.checked_until,
                "ignored_installations": [
                    {"id": each.uuid, "by": each.ignored_by, "at": each.ignored_at, "reason": each.reason}
                    for each in selectors.ignored_installations()
                ],
            }
        act, now = act_of(options), sql.now()
        if options["act"] == "pause":
            return {"paused": str(pauses.pause_sending(act=act, now=now).pk)}
        if options["act"] == "release-run":
            cutoff, currency = options["cutoff"], options["currency"]
            return {"lifted": run_size.release_run(cutoff=cutoff, currency=currency, act=act, now=now)}
        if options["act"] == "retry-refused":
            pause = selectors.latest_pause_after_refusals()
            if pause is None:
                raise NothingRefusedAlike
            retried, not_retried = interventions.retry_refused(pause, act=act, now=now)
            return {"retried": retried, "not_retried": {str(pk): why for pk, why in not_retried.items()}}
        return {"lifted": pauses.resume_sending(act=act, now=now)}
