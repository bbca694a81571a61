"""Change a creator's email address or country, which only staff can. Records who did it and why."""

from typing import Any

from django.core.management.base import CommandError

from accounts.selectors import known_creator
from accounts.services import creators
from database.commands import StaffCommand, act_of
from database.staff import Right


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        setting = self.add_act(
            "set", right=Right.EDIT_CATALOG, help="set the email address, the country, or both"
        )
        setting.add_argument("creator", help="the marketplace's creator id")
        setting.add_argument("--email", help='the new email address; "" removes it')
        setting.add_argument("--country", help='ISO 3166-1 alpha-2 code, such as US; "" removes it')

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["email"] is None and options["country"] is None:
            raise CommandError("Nothing to set. Use --email, --country or both.")
        changes = creators.set_details(
            known_creator(options["creator"]),
            email=options["email"],
            country=options["country"],
            act=act_of(options),
        )
        return {
            "changed": [
                {"field": change.field, "before": change.before, "after": change.after} for change in changes
            ]
        }
