"""Make the report of a month (default: the last one), or show the one that was made."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from database import sql
from database.commands import add_json_option, print_result
from money import Period, month_of, parse_month
from revenue import services


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--month", type=parse_month, help="such as 2026-10")
        add_json_option(parser)

    def handle(self, *args: object, **options: object) -> None:
        now = sql.now()
        chosen = options["month"]
        month = chosen if isinstance(chosen, Period) else month_of(now).previous_month()
        if month.end > now.date():
            raise CommandError(f"{month} is not over yet")
        report = services.make_report(month, now=now)
        if options["json"]:
            print_result(self.stdout, as_json=True, result=report.figures)
        else:
            self.stdout.write(report.text)
