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
from database.admin.panels import Figure, Panel, headline, panel
from database.admin.recorded import ReasonedForm, RecordedAdmin
from database.display import anchor, give_tones, link_to, list_of, name_of, page_of, show

__all__ = [
    "CHANGED_BY",
    "Column",
    "Figure",
    "LargeTableAdmin",
    "NarrowedBy",
    "Panel",
    "ReadOnlyAdmin",
    "ReasonedForm",
    "RecordedAdmin",
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
    "money",
    "money_in",
    "name_of",
    "narrowed_by",
    "narrowed_to",
    "number",
    "page_of",
    "panel",
    "percent",
    "short",
    "show",
    "state",
    "titled",
]
