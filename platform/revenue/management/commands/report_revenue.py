"""Show a month's revenue report. Beat makes it on the 2nd; `--make` makes it now."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from database import sql
from database.commands import ServiceCommand, month
from money import Period, month_of
from revenue import selectors, services


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--month", type=month, help="month of the report, such as 2026-10 (default: last month)"
        )
        parser.add_argument("--make", action="store_true", help="make the report first if there is none")

    def handle(self, *args: object, **options: object) -> None:
        now = sql.now()
        chosen = options["month"]
        period = chosen if isinstance(chosen, Period) else month_of(now).previous_month()
        if period.end > now.date():
            raise CommandError(f"{period} is not over yet.")
        report = services.make_report(period, now=now) if options["make"] else selectors.report_of(period)
        if report is None:
            raise CommandError(f"{period} has no report yet. --make makes it from today's figures.")
        if options["json"]:
            self.show(options, report.figures)
        else:
            self.stdout.write(report.text)
