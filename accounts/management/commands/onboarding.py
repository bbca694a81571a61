"""List what Stripe refuses to open, and ask it again once you have mended the cause."""

from typing import Any

from accounts.errors import NothingToAskAgain, OpeningRefused
from accounts.models import OpeningRefusal
from accounts.selectors import opening_refusals
from accounts.services import retrying
from database import sql
from database.commands import StaffCommand, act_of
from database.staff import Right


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        self.add_report("refusals", help="list what Stripe refuses to open")
        self.add_act("ask-again", right=Right.SYNC, help="ask Stripe again for what staff may have mended")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        standing = opening_refusals().select_related("payment_account__creator")
        if options["act"] == "refusals":
            return {"refusals": [_told(refusal) for refusal in standing]}
        act, opened, refused = act_of(options), 0, []
        for refusal in [each for each in standing if each.is_for_staff][: retrying.AT_ONCE]:
            try:
                retrying.ask_again(refusal.pk, act=act, now=sql.now())
                opened += 1
            except OpeningRefused as still:
                refused.append(still.sentence)
            except NothingToAskAgain:
                continue  # mended by one before
        if not (opened or refused):
            raise NothingToAskAgain
        return {"mended": opened, "still_refused": refused}


def _told(refusal: OpeningRefusal) -> dict[str, Any]:
    return {
        "creator": refusal.payment_account.creator.external_id,
        "cause": refusal.cause_label,
        "times": refusal.times,
        "last": refusal.last_refused_at,
        "sentence": refusal.sentence,
        "page": refusal.page,
    }
