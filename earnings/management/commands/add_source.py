"""Register a billing source: a system that issues billing records. Records that it was registered, and when."""

from argparse import ArgumentParser

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from database.commands import ServiceCommand
from database.staff import act_of_operator
from earnings.services import sources


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="name of the source, as used by its files and tokens")

    def handle(self, *args: object, **options: object) -> None:
        try:
            source = sources.add_source(
                str(options["name"]), act=act_of_operator("Set up on the command line")
            )
        except ValidationError as refusal:
            raise CommandError(
                f"{options['name']!r} is not a valid name for a source: {refusal.messages[0]}"
            ) from refusal
        self.show(options, {"source": source.name})
