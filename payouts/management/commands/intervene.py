"""Hold or release a creator; cancel, retry, reverse, settle or sync a payout. Who did it and why is kept."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import ReasonMissing
from accounts.models import Creator
from database import sql
from database.commands import add_json_option, print_result
from payouts.errors import IllegalMove, NotRetryable, NotReversible, NotSettleable
from payouts.models import Payout
from payouts.services import interventions
from stripe_io.errors import StripeCallFailed

PAYOUT_ACTS: dict[str, tuple[Callable[..., Payout], str]] = {
    "cancel": (interventions.cancel_payout, "end a payout of which nothing was sent"),
    "retry": (interventions.retry_payout, "pay at once what a payout that ended unpaid had given back"),
    "reverse": (interventions.reverse_payout, "take back a transfer whose money has not gone to the bank"),
    "settle": (interventions.settle_payout, "count as paid what is on an account that left us"),
    "sync": (interventions.sync_payout, "ask Stripe what has become of a payout"),
}
REFUSALS = (
    Creator.DoesNotExist,
    IllegalMove,
    NotRetryable,
    NotReversible,
    NotSettleable,
    Payout.DoesNotExist,
    ReasonMissing,
    StripeCallFailed,
)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for name in ("hold", "release"):
            acts.add_parser(name).add_argument("creator", help="the marketplace's id of the creator")
        for name, (_, help_text) in PAYOUT_ACTS.items():
            acts.add_parser(name, help=help_text).add_argument("payout", type=UUID)
        for act in acts.choices.values():
            act.add_argument("--reason", required=True)
            act.add_argument("--actor", required=True, help="who does this: a member of staff")
            add_json_option(act)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = _act(options)
        except REFUSALS as refusal:
            raise CommandError(str(refusal)) from refusal
        print_result(self.stdout, as_json=options["json"], result=result)


def _act(options: dict[str, Any]) -> dict[str, Any]:
    why = {"reason": options["reason"], "actor": options["actor"], "now": sql.now()}
    if options["act"] in PAYOUT_ACTS:
        act, _ = PAYOUT_ACTS[options["act"]]
        payout = act(options["payout"], **why)
        return {"payout": str(payout.pk), "status": payout.status}
    creator = Creator.objects.get(external_id=options["creator"])
    if options["act"] == "hold":
        return {"hold": str(interventions.hold_creator(creator, **why).pk)}
    return {"lifted": interventions.release_creator(creator, **why)}
