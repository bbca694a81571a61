"""List differences with Stripe that are open, say who looks into one, or resolve it with a reason."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import ReasonMissing
from database import sql
from database.commands import add_json_option, print_result
from money import Money
from payouts.errors import DifferenceResolved
from payouts.models import Difference, DifferenceKind
from payouts.services.differences import own_difference, resolve_difference


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list").add_argument("--kind", choices=DifferenceKind.values)
        for name in ("own", "resolve"):
            acts.add_parser(name).add_argument("difference", type=UUID)
        acts.choices["resolve"].add_argument("--reason", required=True)
        for name in ("own", "resolve"):
            acts.choices[name].add_argument("--actor", required=True, help="who does this: a member of staff")
        for act in acts.choices.values():
            add_json_option(act)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["act"] == "list":
                self._list(kind=options["kind"], as_json=options["json"])
            elif options["act"] == "own":
                own_difference(options["difference"], owner=options["actor"])
                print_result(self.stdout, as_json=options["json"], result={"owner": options["actor"]})
            else:
                resolve_difference(
                    options["difference"], reason=options["reason"], actor=options["actor"], now=sql.now()
                )
                print_result(
                    self.stdout, as_json=options["json"], result={"resolved": str(options["difference"])}
                )
        except (DifferenceResolved, ReasonMissing) as refusal:
            raise CommandError(str(refusal)) from refusal

    def _list(self, *, kind: str | None, as_json: bool) -> None:
        found = Difference.objects.filter(resolved_at=None).order_by("found_at", "pk")
        rows = [_shown(difference) for difference in (found.filter(kind=kind) if kind else found)]
        if as_json:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            self.stdout.write("{id}  {found_at:.16}  {kind} {subject}  {money}  {owner}".format_map(row))
            self.stdout.write(f"    {row['detail']}")


def _shown(difference: Difference) -> dict[str, Any]:
    return {
        "id": str(difference.pk),
        "kind": difference.kind,
        "subject": difference.subject,
        "amount": difference.amount,
        "currency": difference.currency,
        "money": str(Money(difference.amount, difference.currency)),
        "payout": str(difference.payout_id) if difference.payout_id else None,
        "account": difference.account,
        "detail": difference.detail,
        "owner": difference.owner or "nobody yet",
        "found_at": difference.found_at.isoformat(),
    }
