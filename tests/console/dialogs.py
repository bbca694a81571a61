"""Opening and confirming the console's dialogs over HTTP, as a browser does."""

import re
from typing import Any

from django.db.models import Model
from django.http import HttpResponseBase
from django.test import Client

from console.acting.buttons import address_of
from console.acting.declaring import act_named

WHY = "A customer complained, case 4711"


def dialog_of(name: str, obj: Model | None = None) -> str:
    """Return the address of an act's dialog about an object."""
    act = act_named(name)
    assert act
    return address_of(act, obj)


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields that the dialog sends along."""
    found = {field: re.search(rf'name="{field}" value="([^"]*)"', page) for field in ("token", "seen")}
    return {field: match[1] for field, match in found.items() if match}


def open_dialog(client: Client, address: str) -> dict[str, str]:
    """Open a dialog, and return what its form sends."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return {**hidden(answer.content.decode()), "reason": WHY}


def confirm(client: Client, address: str, **fields: str) -> Any:
    """Fill in a dialog and confirm it; an act that asks for more is confirmed once it has said what it does."""
    answer: Any = client.post(address, {**open_dialog(client, address), **fields})
    if fields and answer.status_code == 200:
        answer = client.post(address, {**hidden(answer.content.decode()), "reason": WHY, **fields})
    return answer


def messages_in(client: Client, answer: HttpResponseBase) -> str:
    """Follow the answer to where the result is told."""
    return client.get(answer.headers["Location"]).content.decode()
