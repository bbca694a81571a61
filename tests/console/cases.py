"""Acts in the console, each with what its dialog says and does, and the checks that all of them pass."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.test import Client
from django.utils.html import escape

from accounts.groups import StaffGroup
from database.staff import Right
from tests.console.dialogs import WHY, confirm, dialog_of, hidden, messages_in, open_dialog
from tests.factories import UserFactory, user_in
from tests.reasons import without_their_act


@dataclass(frozen=True, slots=True)
class Case:
    """An act: on what, with what, what the dialog says, how to tell that it was done, and what it then tells."""

    act: str
    right: Right
    subject: Callable[[], Model | None]
    says: list[str]
    done: Callable[[], bool]
    fields: dict[str, str] = field(default_factory=dict)
    tells: str = ""
    # Whether it is refused once it was done.
    only_once: bool = True


def log_in(client: Client, *rights: Right) -> None:
    user_in(StaffGroup.APPROVER, username="frank")  # who could approve what erin proposes
    client.force_login(UserFactory.create(username="erin", rights=rights))


def check_it_does_what_it_says_once(client: Client, case: Case) -> None:
    subject = case.subject()
    log_in(client, case.right)
    address = dialog_of(case.act, subject)
    form = {**open_dialog(client, address), **case.fields}
    page = client.get(address).content.decode()
    if case.fields:
        page = client.post(address, form).content.decode()
        form |= hidden(page)
    assert [sentence for sentence in case.says if escape(sentence) not in page] == []
    assert not _is_done(case)
    first, second = (client.post(address, form) for _ in range(2))
    assert (first.status_code, second.status_code) == (HTTPStatus.SEE_OTHER, HTTPStatus.SEE_OTHER), (
        first.content
    )
    assert case.done()
    assert escape(case.tells) in messages_in(client, second)
    assert without_their_act(WHY) == []


def check_it_needs_its_right(client: Client, case: Case) -> None:
    subject = case.subject()
    log_in(client, *set(Right) - {case.right})
    address = dialog_of(case.act, subject)
    forged = {"token": str(uuid4()), "seen": "", "reason": WHY, **case.fields}
    for answer in (client.get(address), client.post(address, forged)):
        assert answer.status_code == HTTPStatus.FORBIDDEN
    assert not _is_done(case)


def check_it_is_not_offered_again(client: Client, case: Case) -> None:
    subject = case.subject()
    log_in(client, case.right)
    address = dialog_of(case.act, subject)
    assert confirm(client, address, **case.fields).status_code == HTTPStatus.SEE_OTHER
    answer: Any = client.get(address)
    if case.fields:  # the act has to be told more before it knows
        answer = client.post(address, {"token": str(uuid4()), "seen": "", "reason": WHY, **case.fields})
    assert answer.status_code == HTTPStatus.CONFLICT
    assert 'type="submit">' not in answer.content.decode()


def _is_done(case: Case) -> bool:
    try:
        return case.done()
    except ObjectDoesNotExist:
        return False
