"""Replay stored Stripe events, chosen by id, type or time. Records who did it and why.

Replaying a handled event is safe: handlers do nothing twice. Webhook bodies that were set aside can be replayed too, by
digest or reason: one that this version can read enters the inbox and is handled.
"""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from database import sql
from database.commands import ServiceCommand, add_actor_option, add_reason_option, moment, sign
from database.staff import Act, Right
from stripe_io import receiving, selectors, services
from stripe_io.models import BodyReason, InboxEvent, InboxOutcome, KeptBody


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--id", action="append", default=[], help="event id (evt_…); repeatable")
        parser.add_argument(
            "--type", action="append", default=[], help="event type, such as payout.paid; repeatable"
        )
        parser.add_argument(
            "--since", type=moment, help="events received at this time or later, ISO 8601 with an offset"
        )
        parser.add_argument("--until", type=moment, help="events received before this time")
        parser.add_argument(
            "--body",
            action="append",
            default=[],
            help="digest of a body that was set aside; repeatable",
        )
        parser.add_argument(
            "--set-aside",
            action="append",
            default=[],
            choices=[reason.value for reason in BodyReason if reason != BodyReason.TEXT],
            help="all bodies that were set aside for this reason; repeatable",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="list the chosen events and bodies without replaying them"
        )
        add_reason_option(parser, required=False)
        add_actor_option(parser, required=False)

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = {
            "ids": options["id"],
            "types": options["type"],
            "since": options["since"],
            "until": options["until"],
        }
        chosen_bodies = {"digests": options["body"], "reasons": options["set_aside"]}
        if not any(chosen.values()) and not any(chosen_bodies.values()):
            raise CommandError(
                "Choose events with --id, --type, --since or --until, or bodies with --body or --set-aside."
            )
        events = selectors.stored_events(**chosen) if any(chosen.values()) else []
        bodies = selectors.chosen_bodies(**chosen_bodies)
        if options["dry_run"]:
            result: dict[str, Any] = {"events": events, "bodies": [body.digest for body in bodies]}
        else:
            result = _replay(events, bodies, act=sign(options, Right.REPLAY_EVENTS))
        found = {*events, *(body.digest for body in bodies)}
        if unknown := sorted({*options["id"], *options["body"]} - found):
            result["not_replayed"] = unknown
        self.show(options, result)


def _replay(events: list[str], bodies: list[KeptBody], *, act: Act) -> dict[str, Any]:
    """Replay one after the other; return the count of each outcome, and the error of each that failed."""
    outcomes: Counter[str] = Counter(dict.fromkeys(InboxOutcome.values, 0))
    errors: dict[str, str] = {}
    for event_id in tqdm(events, desc="Replaying", disable=None):
        services.ask_for_replay(event_id=event_id, act=act, now=sql.now())
        _handle(event_id, outcomes, errors)
    for body in tqdm(bodies, desc="Reading again", disable=None):
        stored = receiving.read_again(body, act=act, now=sql.now())
        if stored is None:
            outcomes[InboxOutcome.SET_ASIDE] += 1
        else:
            _handle(stored, outcomes, errors)
    return {"replayed": len(events) + len(bodies), **outcomes, "errors": errors}


def _handle(event_id: str, outcomes: Counter[str], errors: dict[str, str]) -> None:
    services.handle_event(event_id=event_id, now=sql.now())
    row = InboxEvent.objects.get(event=event_id)
    outcomes[row.outcome or "waiting"] += 1
    if row.error:
        errors[event_id] = row.error
