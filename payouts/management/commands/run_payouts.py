"""Make the payout run for the last month that is complete, now or at --now."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError
from django.template.defaultfilters import pluralize

from database import sql
from database.commands import ServiceCommand, moment
from money import Money
from payouts.services.deciding import runs
from payouts.services.deciding.runs import RunResult
from payouts.states import DecisionReason


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--now",
            type=moment,
            help="choose the cut-off as of this past time, ISO 8601 with an offset (default: now)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show the decisions without making payouts"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = sql.now()
        chosen = options["now"] or now
        if chosen > now:
            raise CommandError(f"--now is in the future: the database's clock says {now.isoformat()}.")
        cutoff = runs.period_complete_at(chosen).end
        make = runs.preview_run if options["dry_run"] else runs.make_run
        result = make(cutoff=cutoff, now=now)
        if options["json"]:
            self.show(options, _figures(result))
        else:
            for line in _lines(result):
                self.stdout.write(line)


def _figures(result: RunResult) -> dict[str, object]:
    paid = {
        currency: amount
        for (reason, currency), amount in result.amounts.items()
        if reason == DecisionReason.PAID
    }
    return {
        "cutoff": result.cutoff.isoformat(),
        "payouts": sum(n for (reason, _), n in result.creators.items() if reason == DecisionReason.PAID),
        "totals": paid,
        "held": result.held,
        "decisions": [
            {
                "reason": reason,
                "currency": currency,
                "creators": creators,
                "amount": result.amounts[reason, currency],
            }
            for (reason, currency), creators in sorted(result.creators.items())
        ],
    }


def _lines(result: RunResult) -> Iterator[str]:
    yield f"Payout run up to {result.cutoff}"
    if not result.creators:
        yield "  no creator has unpaid earnings"
    for (reason, currency), creators in sorted(result.creators.items()):
        total = str(Money(result.amounts[reason, currency], currency)) if currency else ""
        yield f"  {creators:>7,} creator{pluralize(creators):<1} {total:>18}  {DecisionReason(reason).label}"
    for currency, why in result.held.items():
        yield f"  waits for staff: {why} (manage.py sending release-run {result.cutoff} --currency {currency})"
