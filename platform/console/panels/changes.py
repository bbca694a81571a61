"""Panels of changes to an API or a creator, and who made them."""

from accounts.models import Creator, CreatorChange, CreatorField
from database.admin import TECHNICAL, Panel, link_to, list_of, panel
from database.changes import Change, Way
from earnings.models import Api, ApiChange, ApiField
from earnings.selectors import changes_of_ownership

ROWS = 12
WHO = ["How", "Source", "By", "Reason", "When"]


@panel(Api)
def of_api(api: Api) -> Panel:
    rows = api.changes.order_by("-pk")[:ROWS]
    return Panel(
        "Changes",
        ["What", "Before", "After", *WHO],
        [(link_to(row, ApiField(row.field)), row.before, row.after, *_who(row)) for row in rows],
        empty="No changes recorded.",
        more=list_of(ApiChange, api=api.pk),
    )


@panel(Creator, tab=TECHNICAL, is_personal=True)
def of_creator(creator: Creator) -> Panel:
    rows = creator.changes.order_by("-pk")[:ROWS]
    return Panel(
        "Email and country changes",
        ["What", "Before", "After", *WHO],
        [(link_to(row, CreatorField(row.field)), row.before, row.after, *_who(row)) for row in rows],
        empty="No changes recorded.",
        more=list_of(CreatorChange, creator=creator.pk),
    )


@panel(Creator, tab=TECHNICAL)
def of_owned_apis(creator: Creator) -> Panel:
    rows = changes_of_ownership(creator).select_related("api").order_by("-pk")[:ROWS]
    return Panel(
        "API ownership changes",
        ["API", "Before", "After", "From", *WHO],
        [(link_to(row, str(row.api)), row.before, row.after, row.owned_from, *_who(row)) for row in rows],
        empty="No changes recorded.",
        more=list_of(ApiChange, creator=creator.pk),
    )


def _who(row: Change) -> tuple[object, ...]:
    return Way(row.way), row.source, row.actor, row.reason, row.created_at
