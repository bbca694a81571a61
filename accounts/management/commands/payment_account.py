"""Let a creator open another Stripe account, or pay one whose destination is held; who and why is kept."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import selectors
from accounts.errors import NoPaymentAccount, ReasonMissing
from accounts.models import Creator
from accounts.services import holds, payment_accounts
from database import sql
from database.commands import add_json_option, print_result


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("replace", help="after a move to another country, or one that Stripe rejected")
        acts.add_parser("end_cool_down", help="once it is certain that the creator made the change")
        acts.add_parser("try_again", help="after three payouts in a row were refused or came back")
        for act in acts.choices.values():
            act.add_argument("creator", help="the marketplace's id of the creator")
            act.add_argument("--reason", required=True)
            act.add_argument("--actor", required=True, help="who does this: a member of staff")
            add_json_option(act)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = _act(options)
        except (Creator.DoesNotExist, NoPaymentAccount, ReasonMissing) as refusal:
            raise CommandError(str(refusal)) from refusal
        print_result(self.stdout, as_json=options["json"], result=result)


def _act(options: dict[str, Any]) -> dict[str, Any]:
    reason, actor = options["reason"], options["actor"]
    creator = Creator.objects.get(external_id=options["creator"])
    if options["act"] == "end_cool_down":
        return {"lifted": holds.end_cool_down(creator, reason=reason, lifted_by=actor, now=sql.now())}
    if options["act"] == "try_again":
        lifted = holds.lift_until_paid_elsewhere(creator, reason=reason, lifted_by=actor, now=sql.now())
        return {"lifted": lifted}
    row = selectors.live_account(creator.pk)
    if row is None:
        raise NoPaymentAccount
    payment_accounts.replace_payment_account(row, reason=reason, actor=actor, now=sql.now())
    return {"replaced": str(row)}
