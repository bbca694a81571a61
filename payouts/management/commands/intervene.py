"""Hold or release a creator; cancel, retry, reverse, withdraw, settle or sync a payout. Records who did it and why."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from accounts.selectors import known_creator
from database import sql
from database.commands import StaffCommand, act_of
from database.staff import Act, Right
from payouts.errors import ActNotPossible
from payouts.models import Payout
from payouts.services.staff import interventions
from payouts.states import STAFF_ACTS, PayoutStatus
from stripe_io.errors import StripeCallFailed

CREATOR_ACTS: dict[str, tuple[Right, str]] = {
    "hold": (Right.HOLD, "make no new payouts to a creator, and hold those not sent yet"),
    "release": (Right.RELEASE, "lift the holds that staff placed on a creator"),
}
PAYOUT_ACTS: dict[str, tuple[Callable[..., Payout], Right, str]] = {
    "cancel": (
        interventions.cancel_payout,
        Right.CANCEL_PAYOUT,
        "cancel a payout that has not been sent",
    ),
    "retry": (
        interventions.retry_payout,
        Right.RETRY_PAYOUT,
        "pay the earnings of a failed, cancelled or reversed payout at once",
    ),
    "reverse": (
        interventions.reverse_payout,
        Right.REVERSE_PAYOUT,
        "take back a transfer whose money has not gone to the bank",
    ),
    "withdraw": (
        interventions.withdraw_reversal,
        Right.REVERSE_PAYOUT,
        "no longer take back a transfer whose reversal Stripe refused",
    ),
    "settle": (
        interventions.settle_payout,
        Right.SETTLE_PAYOUT,
        "mark as paid: the money is on an account we can no longer reach",
    ),
    "sync": (interventions.sync_payout, Right.SYNC, "refresh a payout from Stripe"),
}


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        for name, (right, help_text) in CREATOR_ACTS.items():
            act = self.add_act(name, right=right, help=help_text)
            act.add_argument("creator", help="the marketplace's creator id")
        for name, (_, right, help_text) in PAYOUT_ACTS.items():
            act = self.add_act(name, right=right, help=help_text)
            act.add_argument("payout", type=UUID, help="payout id")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        act, now = act_of(options), sql.now()
        if options["act"] in PAYOUT_ACTS:
            return _act_on_payout(options["payout"], options["act"], act=act, now=now)
        creator = known_creator(options["creator"])
        if options["act"] == "hold":
            return {"hold": str(interventions.hold_creator(creator, act=act, now=now).pk)}
        return {"lifted": interventions.release_creator(creator, act=act, now=now)}


def _act_on_payout(payout_id: UUID, name: str, *, act: Act, now: datetime) -> dict[str, Any]:
    intervene, _, _ = PAYOUT_ACTS[name]
    try:
        payout = intervene(payout_id, act=act, now=now)
    except StripeCallFailed as failure:
        raise CommandError(str(failure)) from failure
    except ActNotPossible as refusal:
        status = PayoutStatus(Payout.objects.get(pk=payout_id).status)
        others = ", ".join(other for other in STAFF_ACTS if status in STAFF_ACTS[other] and other != name)
        raise CommandError(f"{refusal} It is {status.label.lower()}. You can try: {others}.") from refusal
    return {"payout": str(payout.pk), "status": payout.status}
