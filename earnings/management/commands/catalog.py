"""Say which source APIs belong to: only that source changes them. Who and why is kept."""

from typing import Any

from database.commands import StaffCommand, act_of
from database.staff import Right
from earnings.selectors import unassigned_apis
from earnings.services import catalog, sources


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        self.add_report("list-unassigned", help="the APIs that belong to no source yet")
        assigning = self.add_act(
            "assign",
            right=Right.EDIT_CATALOG,
            help="have APIs belong to a source, whichever they belonged to",
        )
        which = assigning.add_mutually_exclusive_group(required=True)
        which.add_argument("apis", nargs="*", default=[], metavar="API", help="the marketplace's ids of them")
        which.add_argument("--unassigned", action="store_true", help="all that belong to no source yet")
        assigning.add_argument("--source", required=True, help="the source's name")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["act"] == "list-unassigned":
            return {"unassigned": [api._asdict() for api in unassigned_apis()]}
        source = sources.known_source(options["source"])
        apis = [api.api for api in unassigned_apis()] if options["unassigned"] else options["apis"]
        assigned = catalog.assign_apis(apis, source=source, act=act_of(options))
        return {"assigned": assigned}
