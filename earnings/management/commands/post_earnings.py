"""Post every billing batch that is not in the earnings yet."""

from argparse import ArgumentParser
from dataclasses import asdict

from django.core.management.base import BaseCommand

from database import sql
from database.commands import add_json_option, print_result
from earnings.services import posting


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_json_option(parser)

    def handle(self, *args: object, **options: object) -> None:
        posted = posting.post_due(now=sql.now())
        print_result(self.stdout, as_json=bool(options["json"]), result=asdict(posted))
