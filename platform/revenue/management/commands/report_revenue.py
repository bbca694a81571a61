"""Make the report of a month (default: the last one), or show the one that was made."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from database import sql
from database.commands import ServiceCommand, month
from money import Period, month_of
from revenue import services


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--month", type=month, help="such as 2026-10")

    def handle(self, *args: object, **options: object) -> None:
        now = sql.now()
        chosen = options["month"]
        period = chosen if isinstance(chosen, Period) else month_of(now).previous_month()
        if period.end > now.date():
            raise CommandError(f"{period} is not over yet")
        report = services.make_report(period, now=now)
        if options["json"]:
            self.show(options, report.figures)
        else:
            self.stdout.write(report.text)
