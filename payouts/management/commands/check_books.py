"""Check the books on one snapshot. Exits with 1 if a check fails."""

import json
import sys

from database.commands import ServiceCommand
from payouts.services.reconciliation import books


class Command(ServiceCommand):
    help = __doc__

    def handle(self, *args: object, **options: object) -> None:
        validations = books.check()
        failed = [validation for validation in validations if validation.findings]
        if options["json"]:
            self.stdout.write(json.dumps({row.name: list(row.findings) for row in validations}))
        else:
            for validation in validations:
                self.stdout.write(f"{'FAILED' if validation.findings else 'ok':6} {validation.name}")
                for finding in validation.findings:
                    self.stdout.write(f"         {finding}")
            held = len(validations) - len(failed)
            verdict = "The books do not balance" if failed else "The books balance"
            self.stdout.write(f"{verdict}: {held} of {len(validations)} checks passed.")
        if failed:
            sys.exit(1)
