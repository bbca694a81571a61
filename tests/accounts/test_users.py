"""A username signs what staff do. It belongs to one person, ignoring case, and stays theirs."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NO_NAMES = ["system", "System", "SYSTEM", "dana via cli", "dana dane", " dana", "dana\n", "\tdana", ""]


def make_superuser(username: str) -> None:
    call_command("createsuperuser", username=username, email="", interactive=False, stdout=StringIO())


@pytest.mark.parametrize("username", NO_NAMES)
def test_no_username_can_be_mistaken_for_another_actor(username: str) -> None:
    with pytest.raises(IntegrityError, match="username_"), transaction.atomic():
        User.objects.bulk_create([User(username=username)])
    with pytest.raises(ValidationError):
        User(username=username, password="x").full_clean()
    with pytest.raises(CommandError):
        make_superuser(username)


def test_two_names_never_differ_only_in_case() -> None:
    UserFactory.create(username="dana")
    with pytest.raises(IntegrityError, match="unique_in_any_case"), transaction.atomic():
        UserFactory.create(username="Dana")
    with pytest.raises(ValidationError, match="already exists"):
        User(username="Dana", password="x").full_clean()
    with pytest.raises(CommandError, match="already exists"):
        make_superuser("DANA")


def test_nobody_is_renamed() -> None:
    dana = UserFactory.create(username="dana")
    for again in ("erin", "Dana"):
        with pytest.raises(IntegrityError, match="dana did is signed by this name"), transaction.atomic():
            User.objects.filter(pk=dana.pk).update(username=again)
    dana.email = "dana@example.com"
    dana.is_active = False
    dana.save()
    assert User.objects.get(email="dana@example.com").username == "dana"


def test_nobody_is_deleted() -> None:
    dana = UserFactory.create(username="dana")
    for delete in (dana.delete, User.objects.all().delete):
        with pytest.raises(IntegrityError, match="only deactivated"), transaction.atomic():
            delete()
    assert User.objects.get() == dana


def test_djangos_own_commands_create_a_user_and_change_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    make_superuser("root")
    passwords: Iterator[str] = iter(["a long password", "a long password"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(passwords))
    call_command("changepassword", "root", stdout=StringIO())
    root = User.objects.get()
    assert root.check_password("a long password")
    assert (root.is_superuser, root.is_staff, root.is_active) == (True, True, True)


@pytest.mark.django_db(transaction=True)
def test_a_database_with_users_can_be_emptied() -> None:
    UserFactory.create()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_user CASCADE")
    assert not User.objects.exists()


@pytest.fixture
def before_usernames_signed() -> Iterator[None]:
    """Undo the migration for the test, and apply it again afterwards."""
    call_command("migrate", "accounts", "0008", verbosity=0)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM accounts_user")
        call_command("migrate", verbosity=0)


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("before_usernames_signed")
def test_the_migration_names_every_user_to_rename_and_changes_none() -> None:
    names = ["dana", "Dana", "erin", "System", "frank miller", "DANA"]
    ids = {name: User.objects.create(username=name).pk for name in names}
    with pytest.raises(CommandError) as refused:
        call_command("migrate", "accounts", "0009", verbosity=0)
    mentions: dict[Any, bool] = {
        f"'Dana' (id {ids['Dana']}) differs from 'dana' (id {ids['dana']}) only in case": True,
        f"'DANA' (id {ids['DANA']}) differs from 'Dana' (id {ids['Dana']}) only in case": True,
        f"'System' (id {ids['System']}) signs what the service does": True,
        f"'frank miller' (id {ids['frank miller']}) has blanks": True,
        "'erin'": False,
        "UPDATE accounts_user SET username": True,
    }
    assert {text: text in str(refused.value) for text in mentions} == mentions
    assert set(User.objects.values_list("username", flat=True)) == set(names)
