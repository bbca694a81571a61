"""After a backup was restored: take over from Stripe what the database lacks, and let sending go on."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from accounts.errors import StripeUnavailable
from database import sql
from database.commands import ServiceCommand, add_actor_option, add_reason_option, sign
from database.staff import Right
from money import Money
from payouts.services import recovery
from payouts.services.deciding import gate
from payouts.services.recovery import Report
from payouts.services.recovery.placing import How
from stripe_io.errors import StripeCallFailed


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_actor_option(parser)
        add_reason_option(parser)
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--dry-run", action="store_true", help="show what would be taken over, and change nothing"
        )
        what.add_argument(
            "--ignore-installation",
            type=UUID,
            metavar="ID",
            help="from now on, ignore the payments of this other installation on the same Stripe account",
        )
        what.add_argument(
            "--heed-installation",
            type=UUID,
            metavar="ID",
            help="no longer ignore the payments of this installation",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        act, now = sign(options, Right.RECOVER), sql.now()
        try:
            if options["ignore_installation"]:
                gate.ignore_installation(options["ignore_installation"], act=act, now=now)
            if options["heed_installation"]:
                gate.heed_installation(options["heed_installation"], act=act)
            report = (recovery.preview if options["dry_run"] else recovery.recover)(act=act, now=now)
        except (StripeCallFailed, StripeUnavailable) as failure:
            raise CommandError(f"{failure} What was taken over by then stays; run it again.") from failure
        dry = {"dry run": "nothing was changed"} if options["dry_run"] else {}
        self.show(options, dry | _figures(report))


def _figures(report: Report) -> dict[str, Any]:
    return {
        "accounts": report.accounts,
        "transfers": {how.value: count for how, count in report.transfers.items()},
        "amounts": report.money(report.amounts),
        "creators owe": report.money(report.owed),
        "creators get later": report.money(report.carried),
        "payouts cancelled": report.cancelled,
        "reversals": report.reversals,
        "of other installations": {str(uuid): count for uuid, count in report.foreign.items()},
        "left for a person": [
            {
                "transfer": placed.transfer.id,
                "amount": Money(placed.transfer.amount, placed.transfer.currency),
                "currency": placed.transfer.currency,
                "account": placed.transfer.destination,
                "how": placed.how.value,
            }
            for placed in report.unplaced
            if placed.how != How.CAME_BACK
        ],
    }
