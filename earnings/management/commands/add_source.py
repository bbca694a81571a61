"""Register a billing source: a system that issues records, whatever way they come."""

from argparse import ArgumentParser

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from database.commands import add_json_option, print_result
from earnings.services import sources


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the name that its records, files and tokens bear")
        add_json_option(parser)

    def handle(self, *args: object, **options: object) -> None:
        try:
            source = sources.register_source(str(options["name"]))
        except ValidationError as refusal:
            raise CommandError(f"{options['name']!r} can't name a source: {refusal.messages[0]}") from refusal
        print_result(self.stdout, as_json=bool(options["json"]), result={"source": source.name})
