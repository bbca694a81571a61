"""Adjust by hand what a creator is owed: one person proposes, another approves, and only then is it booked."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import ReasonMissing
from accounts.models import Creator
from database import sql
from database.commands import add_json_option, print_result
from earnings import errors
from earnings.models import Adjustment
from earnings.services import adjustments
from money import Money

REFUSALS = (
    errors.AdjustmentDecided,
    errors.CurrencyNotInUse,
    errors.NothingToWriteOff,
    ReasonMissing,
    errors.SecondPersonNeeded,
    Adjustment.DoesNotExist,
    Creator.DoesNotExist,
)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        propose = acts.add_parser("propose", help="propose to owe a creator more, or less")
        propose.add_argument("creator", help="the marketplace's id of the creator")
        propose.add_argument("amount", type=int, help="signed, in minor units (cents)")
        write_off = acts.add_parser("write-off", help="propose to give up what a creator owes")
        write_off.add_argument("creator", help="the marketplace's id of the creator")
        for act in (propose, write_off):
            act.add_argument("--currency", default="USD")
            act.add_argument("--reason", required=True)
        for name in ("approve", "decline"):
            acts.add_parser(name, help=f"{name} a proposal").add_argument("adjustment", type=UUID)
        for act in acts.choices.values():
            act.add_argument("--actor", required=True, help="who does this: a member of staff")
            add_json_option(act)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            adjustment = _act(options)
        except REFUSALS as refusal:
            raise CommandError(str(refusal)) from refusal
        result = {
            "adjustment": str(adjustment.pk),
            "amount": adjustment.amount,
            "currency": adjustment.currency,
            "status": adjustment.status,
        }
        print_result(self.stdout, as_json=options["json"], result=result)


def _act(options: dict[str, Any]) -> Adjustment:
    actor = options["actor"]
    match options["act"]:
        case "propose":
            creator = Creator.objects.get(external_id=options["creator"])
            amount = Money(options["amount"], options["currency"])
            return adjustments.propose_adjustment(
                creator, amount=amount, reason=options["reason"], actor=actor
            )
        case "write-off":
            creator = Creator.objects.get(external_id=options["creator"])
            return adjustments.propose_write_off(
                creator, currency=options["currency"], reason=options["reason"], actor=actor
            )
        case "approve":
            return adjustments.approve_adjustment(options["adjustment"], actor=actor, now=sql.now())
        case _:
            return adjustments.decline_adjustment(options["adjustment"], actor=actor, now=sql.now())
