"""Assign APIs to a source, which alone can then change them. Records who did it and why."""

from typing import Any

from database.commands import StaffCommand, act_of
from database.staff import Right
from earnings.selectors import unassigned_apis
from earnings.services import catalog, sources


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        self.add_report("list-unassigned", help="list the APIs without a source")
        assigning = self.add_act(
            "assign",
            right=Right.EDIT_CATALOG,
            help="assign APIs to a source, even if they belong to another",
        )
        which = assigning.add_mutually_exclusive_group(required=True)
        which.add_argument("apis", nargs="*", default=[], metavar="API", help="the marketplace's API ids")
        which.add_argument("--unassigned", action="store_true", help="all APIs without a source")
        assigning.add_argument("--source", required=True, help="name of the source")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["act"] == "list-unassigned":
            return {"unassigned": [api._asdict() for api in unassigned_apis()]}
        source = sources.known_source(options["source"])
        apis = [api.api for api in unassigned_apis()] if options["unassigned"] else options["apis"]
        assigned = catalog.assign_apis(apis, source=source, act=act_of(options))
        return {"assigned": assigned}
