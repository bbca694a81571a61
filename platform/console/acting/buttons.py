"""The buttons that open dialogs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from console.acting.declaring import ConsoleAct, acts_on
from database.display import list_of


@dataclass(frozen=True, slots=True)
class Button:
    """Opens the dialog of an act."""

    act: ConsoleAct[Any]
    address: str


def buttons_for(request: HttpRequest, obj: Model | None, *, back: str = "") -> list[Button]:
    """List the buttons of what can be done to an object now, and by this member of staff; they lead `back`."""
    model = type(obj) if obj is not None else None
    return [
        Button(act, address_of(act, obj, back=back))
        for act in acts_on(model)
        if act.missing_right(request.user) is None
        and not act.why_not(obj, username=request.user.get_username())
    ]


def buttons_above(request: HttpRequest, table: type[Model], *, back: str = "") -> list[Button]:
    """List the buttons above a table's list, for acts on the platform; they lead back there, or where `back` says."""
    return [
        Button(act, address_of(act, None, back=back or list_of(table)))
        for act in acts_on(None)
        if act.above is table and act.missing_right(request.user) is None and not act.obstacle(None)
    ]


def address_of(act: ConsoleAct[Any], obj: Model | None, *, back: str = "") -> str:
    """Return the address of an act's dialog. `back` is where to go afterwards, instead of the object's page."""
    arguments = [act.name] if obj is None else [act.name, quote(str(obj.pk))]
    address = reverse("admin:act", args=arguments)
    return f"{address}?{urlencode({'back': back})}" if back else address


def address_of_many(act: ConsoleAct[Any], keys: Sequence[str], *, back: str) -> str:
    """Return the address of the dialog about several objects."""
    chosen = [("on", key) for key in keys]
    return f"{reverse('admin:act', args=[act.name])}?{urlencode([*chosen, ('back', back)])}"
