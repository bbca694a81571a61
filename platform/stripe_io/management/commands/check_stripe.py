"""Check that Stripe is set up as this service needs it, and say what to do where it isn't. Changes nothing.

Exits with 1 if something is wrong.
"""

import json
import sys
from collections.abc import Iterable

from database import sql
from database.commands import ServiceCommand
from stripe_io.checking import Finding, State, check_stripe

MARKS = {State.GOOD: "✓", State.WRONG: "!", State.NOTE: "·"}


class Command(ServiceCommand):
    help = __doc__

    def handle(self, *args: object, **options: object) -> None:
        findings = check_stripe(now=sql.now())
        count = self._show_as_json(findings) if options["json"] else self._show(findings)
        if count:
            sys.exit(1)

    def _show(self, findings: Iterable[Finding]) -> int:
        """Print each finding as soon as it is known; return how many are wrong."""
        styles = {
            State.GOOD: self.style.SUCCESS,
            State.WRONG: self.style.ERROR,
            State.NOTE: self.style.NOTICE,
        }
        wrong = 0
        for finding in findings:
            wrong += finding.state == State.WRONG
            self.stdout.write(f"{styles[finding.state](MARKS[finding.state])} {finding.sentence}")
            if finding.remedy:
                self.stdout.write(f"  {finding.remedy}")
        things = "thing is" if wrong == 1 else "things are"
        self.stdout.write(
            f"{wrong} {things} wrong." if wrong else "Stripe is set up as this service needs it."
        )
        return wrong

    def _show_as_json(self, findings: Iterable[Finding]) -> int:
        rows = list(findings)
        shown = [{"state": row.state, "sentence": row.sentence, "remedy": row.remedy} for row in rows]
        self.stdout.write(json.dumps({"findings": shown}))
        return sum(row.state == State.WRONG for row in rows)
