"""Check what is new in the books since the last check, on one snapshot. Exits with 1 if a check fails."""

import json
import sys
from argparse import ArgumentParser

from database import sql
from database.commands import ServiceCommand
from payouts.services.reconciliation import books


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--all", action="store_true", help="check all of the books")

    def handle(self, *args: object, **options: object) -> None:
        check = books.check_all if options["all"] else books.check_new
        validations = check(now=sql.now())
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
