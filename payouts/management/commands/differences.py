"""List, own or resolve the differences with Stripe and with the marketplace's tables."""

import json
from typing import Any
from uuid import UUID

from database import sql
from database.commands import StaffCommand, act_of
from database.staff import Right
from money import Money
from payouts.models import Difference, DifferenceKind
from payouts.services.differences import own_difference, resolve_difference


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        listed = self.add_report("list", help="list open differences, oldest first")
        listed.add_argument("--kind", choices=DifferenceKind.values, help="list only this kind")
        own = self.add_act(
            "own", right=Right.OWN_DIFFERENCE, help="take on a difference", reason="Looking into it"
        )
        resolve = self.add_act(
            "resolve",
            right=Right.RESOLVE_DIFFERENCE,
            help="close a difference, with the explanation as --reason",
        )
        for act in (own, resolve):
            act.add_argument("difference", type=UUID, help="difference id, as listed")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "list":
            self._list(kind=options["kind"], as_json=options["json"])
        else:
            super().handle(*args, **options)

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["act"] == "own":
            own_difference(options["difference"], act=act_of(options))
            return {"owner": act_of(options).actor}
        resolve_difference(options["difference"], act=act_of(options), now=sql.now())
        return {"resolved": str(options["difference"])}

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
