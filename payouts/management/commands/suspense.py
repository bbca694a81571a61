"""Place what came back after the bank had the money. One person proposes, and it is booked once another approves."""

from typing import Any
from uuid import UUID

from database import sql
from database.commands import StaffCommand, act_of
from database.staff import Right
from payouts import selectors
from payouts.models import PlacementTarget, SuspensePlacement
from payouts.services.staff import placements


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        self.add_report("list", help="list the payouts of which something is in suspense")
        propose = self.add_act(
            "propose", right=Right.PROPOSE_PLACEMENT, help="propose whose an amount in suspense is"
        )
        propose.add_argument("payout", type=UUID, help="payout id")
        propose.add_argument("target", choices=PlacementTarget.values, help="whose it is")
        propose.add_argument("--amount", type=int, help="in minor units (default: all that is in suspense)")
        approve = self.add_act(
            "approve",
            right=Right.APPROVE_PLACEMENT,
            help="approve another person's proposal",
            reason="Approved",
        )
        decline = self.add_act("decline", right=Right.APPROVE_PLACEMENT, help="decline a proposal")
        for act in (approve, decline):
            act.add_argument("placement", type=UUID, help="placement id")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["act"] == "list":
            return {
                "suspense": [
                    {
                        "payout": str(payout.pk),
                        "creator": payout.creator.external_id,
                        "amount": payout.in_suspense,
                        "transfer": payout.stripe_transfer_id,
                    }
                    for payout in selectors.in_suspense()
                ]
            }
        placement = _act(options)
        return {
            "placement": str(placement.pk),
            "amount": placement.money,
            "target": placement.target,
            "status": placement.status,
        }


def _act(options: dict[str, Any]) -> SuspensePlacement:
    match options["act"]:
        case "propose":
            return placements.propose_placement(
                options["payout"],
                target=PlacementTarget(options["target"]),
                amount=options["amount"],
                act=act_of(options),
            )
        case "approve":
            return placements.approve_placement(options["placement"], act=act_of(options), now=sql.now())
        case _:
            return placements.decline_placement(options["placement"], act=act_of(options), now=sql.now())
