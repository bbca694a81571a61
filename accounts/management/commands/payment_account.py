"""Let a creator open another Stripe account, or lift a hold on their destination. Records who did it and why."""

from typing import Any

from accounts import selectors
from accounts.errors import NoPaymentAccount
from accounts.services import holds, payment_accounts
from database import sql
from database.commands import StaffCommand, act_of
from database.staff import Right

ACTS = {
    "replace": (
        Right.REPLACE_ACCOUNT,
        "stop using the Stripe account, so that the creator can open another: they moved, or Stripe rejected it",
    ),
    "end_cool_down": (
        Right.END_COOL_DOWN,
        "end the cool-down early, once you are sure that the creator changed the destination",
    ),
    "try_again": (
        Right.TRY_AGAIN,
        "lift the hold placed after three payouts in a row were refused or came back",
    ),
}


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        for name, (right, help_text) in ACTS.items():
            act = self.add_act(name, right=right, help=help_text)
            act.add_argument("creator", help="the marketplace's creator id")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        act, now = act_of(options), sql.now()
        creator = selectors.known_creator(options["creator"])
        if options["act"] == "end_cool_down":
            return {"lifted": holds.end_cool_down(creator, act=act, now=now)}
        if options["act"] == "try_again":
            return {"lifted": holds.try_again(creator, act=act, now=now)}
        row = selectors.live_account(creator.pk)
        if row is None:
            raise NoPaymentAccount
        payment_accounts.replace_payment_account(row, act=act, now=now)
        return {"replaced": str(row)}
