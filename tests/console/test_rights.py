"""Who may open and confirm which dialog, by group: the table of rights holds over HTTP, also for a forged request."""

from http import HTTPStatus
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.groups import StaffGroup, rights_of
from console.acting.declaring import all_acts
from database.models import RecordedAct
from database.staff import Right
from tests.factories import UserFactory, user_in

pytestmark = pytest.mark.django_db
FORGED = {"token": "", "seen": "", "reason": "A forged request"}


def refused(client: Client, rights: frozenset[Right] = frozenset()) -> set[str]:
    """Forge a request for each act, about nothing that exists; return the acts that were forbidden.

    What these rights allow to do to the platform as a whole isn't asked for: it exists.
    """
    forbidden = set()
    for act in all_acts():
        if act.model is None and act.right in rights:
            continue
        key = (str(uuid4()),) if act.model else ()
        address = reverse("admin:act", args=[act.name, *key])
        answers = {client.get(address).status_code, client.post(address, FORGED).status_code}
        if HTTPStatus.FORBIDDEN in answers:
            assert answers == {HTTPStatus.FORBIDDEN}
            forbidden.add(act.name)
    return forbidden


@pytest.mark.parametrize("group", StaffGroup)
def test_a_group_can_do_what_the_table_says_and_nothing_else(client: Client, group: StaffGroup) -> None:
    client.force_login(user_in(group))
    rights = rights_of(group)
    forbidden = {act.name for act in all_acts() if act.right not in rights}
    assert refused(client, rights) == forbidden
    assert not RecordedAct.objects.exclude(kind="log_in").exists()


def test_administrators_and_staff_in_no_group_can_do_nothing(client: Client) -> None:
    for user in (UserFactory.create(is_superuser=True), UserFactory.create()):
        client.force_login(user)
        assert refused(client) == {act.name for act in all_acts()}
