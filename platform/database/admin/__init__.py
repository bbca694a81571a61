"""Building blocks that apps use to register their tables in the staff console."""

from database.admin.columns import (
    CHANGED_BY,
    Column,
    block,
    column,
    copied,
    count,
    ident,
    link,
    money,
    money_in,
    number,
    percent,
    short,
    state,
    titled,
)
from database.admin.filters import NarrowedBy, narrowed_by, narrowed_to
from database.admin.pages import LargeTableAdmin, ReadOnlyAdmin
from database.admin.panels import (
    TECHNICAL,
    Figure,
    Panel,
    Section,
    headline,
    panel,
    section,
    set_tabs,
    summary,
)
from database.admin.personal import sees_personal_data
from database.admin.ranges import Between
from database.admin.recorded import ReasonedForm, RecordedAdmin
from database.admin.searching import look_up
from database.display import anchor, give_tones, link_to, list_of, name_of, page_of, show

__all__ = [
    "CHANGED_BY",
    "TECHNICAL",
    "Between",
    "Column",
    "Figure",
    "LargeTableAdmin",
    "NarrowedBy",
    "Panel",
    "ReadOnlyAdmin",
    "ReasonedForm",
    "RecordedAdmin",
    "Section",
    "anchor",
    "block",
    "column",
    "copied",
    "count",
    "give_tones",
    "headline",
    "ident",
    "link",
    "link_to",
    "list_of",
    "look_up",
    "money",
    "money_in",
    "name_of",
    "narrowed_by",
    "narrowed_to",
    "number",
    "page_of",
    "panel",
    "percent",
    "section",
    "sees_personal_data",
    "set_tabs",
    "short",
    "show",
    "state",
    "summary",
    "titled",
]
