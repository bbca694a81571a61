"""Only active staff with the right can act; their acts are signed, and have a reason."""

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.management import CommandError
from django.db.models import Value
from django.test import RequestFactory

from accounts.models import User
from database.commands import sign
from database.requests import request_id
from database.staff import (
    Act,
    ActorMissing,
    NotStaff,
    PersonBehind,
    ReasonMissing,
    Right,
    RightMissing,
    Via,
    act_in_console,
    act_on_command_line,
    is_same_person,
    person_behind,
)
from tests.factories import UserFactory


@pytest.mark.django_db
@pytest.mark.parametrize("right", Right)
def test_a_right_allows_its_own_act_and_no_other(right: Right) -> None:
    dana = UserFactory.create(username="dana", rights=[right])
    act = act_on_command_line("dana", right, "She called")
    assert act == Act("dana via cli", "She called", via=Via.COMMAND, user_id=dana.pk)
    for other in set(Right) - {right}:
        with pytest.raises(RightMissing):
            act_on_command_line("dana", other, "She called")


@pytest.mark.django_db
def test_an_act_in_the_console_tells_who_where_and_in_which_request(rf: RequestFactory) -> None:
    dana = UserFactory.create(username="dana", rights=[Right.HOLD])
    request = rf.post("/", REMOTE_ADDR="203.0.113.7")
    request.user = dana
    token = request_id.set("req-1")
    try:
        act = act_in_console(request, Right.HOLD, "She called")
    finally:
        request_id.reset(token)
    assert act == Act("dana via console", "She called", Via.CONSOLE, dana.pk, "203.0.113.7", "req-1")
    with pytest.raises(RightMissing):
        act_in_console(request, Right.RELEASE, "She called")
    with pytest.raises(ReasonMissing):
        act_in_console(request, Right.HOLD, " ")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "request_user", [AnonymousUser(), User(username="eve"), User(is_staff=True, is_active=False)]
)
def test_only_active_staff_act_in_the_console(rf: RequestFactory, request_user: User | AnonymousUser) -> None:
    request = rf.post("/")
    request.user = request_user
    with pytest.raises(NotStaff):
        act_in_console(request, Right.HOLD, "She called")


@pytest.mark.django_db
def test_a_missing_right_is_named_with_how_to_get_it() -> None:
    UserFactory.create(username="dana")
    with pytest.raises(
        RightMissing, match=r'^dana lacks the right "Can hold creators" \(hold\)\. .* A superuser'
    ):
        act_on_command_line("dana", Right.HOLD, "She called")


@pytest.mark.django_db
@pytest.mark.parametrize("right", Right)
def test_administrators_carry_out_no_act(right: Right) -> None:
    """Whatever else they were given."""
    root = UserFactory.create(username="root", is_superuser=True, rights=list(Right))
    root.user_permissions.set(Permission.objects.all())
    with pytest.raises(RightMissing):
        act_on_command_line("root", right, "x")
    assert not User.objects.get().has_perm(right.permission)
    assert root.has_perm("accounts.view_user")


@pytest.mark.django_db
@pytest.mark.parametrize("lack", [{"is_active": False}, {"is_staff": False}, {"username": "Dana"}], ids=str)
@pytest.mark.parametrize(
    "everything", [{"is_superuser": True}, {"rights": list(Right)}], ids=["root", "rights"]
)
def test_only_active_staff_can_act_whatever_their_rights(
    lack: dict[str, object], everything: dict[str, object]
) -> None:
    UserFactory.create(**{"username": "dana", **everything, **lack})
    with pytest.raises(NotStaff, match="No active member of staff has the username 'dana'"):
        act_on_command_line("dana", Right.HOLD, "She called")


@pytest.mark.django_db
def test_a_made_up_name_is_refused() -> None:
    with pytest.raises(CommandError, match="--actor is missing"):
        sign({"actor": "", "reason": "x"}, Right.HOLD)
    for name in ("nobody-i-made-up", "system", "dana via cli"):
        with pytest.raises(NotStaff):
            sign({"actor": name, "reason": "x"}, Right.HOLD)
    assert not User.objects.exists()


SIGNATURES = {
    "dana": ["dana", "dana via cli", "dana via console", "Dana via api", "DANA"],
    "erin": ["erin", "erin via cli"],
    "system": ["system"],
    "via": ["via", "via via cli"],
    "dana.via.cli": ["dana.via.cli"],
}


@pytest.mark.parametrize("person", SIGNATURES)
def test_a_signature_identifies_the_person_wherever_they_acted(person: str) -> None:
    for signed in SIGNATURES[person]:
        for other, signatures in SIGNATURES.items():
            assert {is_same_person(signed, theirs) for theirs in signatures} == {person == other}


@pytest.mark.django_db
def test_the_database_identifies_the_same_person() -> None:
    signatures = [signed for all_of_one in SIGNATURES.values() for signed in all_of_one]
    UserFactory.create()
    people = User.objects.values_list(*[PersonBehind(Value(signed)) for signed in signatures]).get()
    assert list(people) == [person_behind(signed) for signed in signatures]


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u00a0\u2003", "\u200b", "\u200d \u200d"])
def test_every_act_needs_a_reason_that_can_be_read(blank: str) -> None:
    with pytest.raises(ReasonMissing):
        Act("dana", blank)


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u00a0\u2003"])
def test_every_act_needs_an_actor(blank: str) -> None:
    with pytest.raises(ActorMissing):
        Act(blank, "She called")


def test_actor_and_reason_are_stored_without_surrounding_blanks() -> None:
    assert Act(" dana ", "  She called\n") == Act("dana", "She called")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("\u202edellac ehS\u202c", "dellac ehS"),
        ("اتصلت بنا", "اتصلت بنا"),
        ("👩\u200d💻 called", "👩\u200d💻 called"),
    ],
)
def test_a_reason_reads_in_the_order_in_which_it_was_written(written: str, kept: str) -> None:
    assert Act("dana", written).reason == kept
