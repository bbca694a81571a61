"""Hold or release a creator, or cancel a payout of which nothing was sent; who did it and why is kept."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import ReasonMissing
from accounts.models import Creator
from database import sql
from database.commands import add_json_option, print_result
from payouts.errors import IllegalMove
from payouts.models import Payout
from payouts.services import interventions


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for name in ("hold", "release"):
            acts.add_parser(name).add_argument("creator", help="the marketplace's id of the creator")
        acts.add_parser("cancel").add_argument("payout", type=UUID)
        for act in acts.choices.values():
            act.add_argument("--reason", required=True)
            act.add_argument("--actor", required=True, help="who does this: a member of staff")
            add_json_option(act)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = _act(options)
        except (IllegalMove, ReasonMissing, Creator.DoesNotExist, Payout.DoesNotExist) as refusal:
            raise CommandError(str(refusal)) from refusal
        print_result(self.stdout, as_json=options["json"], result=result)


def _act(options: dict[str, Any]) -> dict[str, Any]:
    why = {"reason": options["reason"], "actor": options["actor"], "now": sql.now()}
    if options["act"] == "cancel":
        return {"cancelled": str(interventions.cancel_payout(options["payout"], **why).pk)}
    creator = Creator.objects.get(external_id=options["creator"])
    if options["act"] == "hold":
        return {"hold": str(interventions.hold_creator(creator, **why).pk)}
    return {"lifted": interventions.release_creator(creator, **why)}
