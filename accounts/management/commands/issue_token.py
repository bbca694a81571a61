"""Sign an API token as the marketplace would, for testing. Needs JWT_SECRET. Records for whom."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from accounts.principals import ADMIN, BILLING_SCOPE, CREATOR, Principal
from accounts.services import signing
from database import sql
from database.commands import ServiceCommand
from database.fields import is_external
from database.staff import act_of_operator


class Command(ServiceCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("--creator", metavar="ID", help="the marketplace's creator id")
        whom.add_argument("--admin", metavar="ID", help="id of a member of the platform's staff")
        whom.add_argument(
            "--billing",
            metavar="SOURCE",
            help="name of the billing source that the token can push records for",
        )
        parser.add_argument("--email", default="", help="the creator's email address")
        parser.add_argument("--hours", type=int, default=24, help="how long the token is valid (default: 24)")

    def handle(self, *args: Any, **options: Any) -> None:
        principal = _principal(options)
        if not is_external(principal.subject):
            raise CommandError(
                f"{principal.subject!r} is not a valid id. Use 1 to 255 visible ASCII characters, without / ? # %."
            )
        if options["hours"] < 1:
            raise CommandError("--hours must be at least 1.")
        token = signing.sign_token(
            principal,
            lifetime=timedelta(hours=options["hours"]),
            act=act_of_operator("Signed on the command line"),
            now=sql.now(),
        )
        self.stdout.write(json.dumps({"token": token}) if options["json"] else token)


def _principal(options: dict[str, Any]) -> Principal:
    if options["creator"]:
        return Principal(subject=options["creator"], role=CREATOR, email=options["email"])
    if options["admin"]:
        return Principal(subject=options["admin"], role=ADMIN)
    return Principal(subject=options["billing"], role="service", scopes=frozenset([BILLING_SCOPE]))
