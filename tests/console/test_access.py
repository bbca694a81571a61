"""Who may look, and that nobody changes anything."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from axes.models import AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.test import Client
from django.utils.html import escape
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from djstripe.models import Account, Event

from accounts.models import Creator, User
from database.admin import ReadOnlyAdmin, list_of, page_of
from database.staff import Right
from tests.factories import UserFactory

OURS = ("accounts", "earnings", "ledger", "payouts", "revenue", "stripe_io")
CHANGEABLE = {User}
# What the page of an active member of staff sends who may do nothing.
STAYS: dict[str, Any] = {"is_active": "on", "is_staff": "on", "first_name": "", "last_name": "", "email": ""}
READ_ONLY = [model for model, page in admin.site._registry.items() if isinstance(page, ReadOnlyAdmin)]
LOG_INS: list[type[Model]] = [AccessLog, AccessFailureLog]


def test_every_table_of_ours_is_shown_and_only_users_can_be_changed() -> None:
    shown = {model for model in admin.site._registry if model._meta.app_label in OURS}
    unshown = {model.__name__ for label in OURS for model in apps.get_app_config(label).get_models()} - {
        model.__name__ for model in shown
    }
    assert unshown == {
        "AccountListing",
        "BooksCheckpoint",
        "ChargeTakeback",
        "CheckpointBalance",
        "EarnedSince",
        "Installation",
        "PaidTotal",
        "Recheck",
    }
    assert shown - set(READ_ONLY) == CHANGEABLE


def test_of_packages_only_stripes_events_beats_schedules_and_log_ins_are_shown() -> None:
    shown = {model.__name__ for model in admin.site._registry if model._meta.app_label not in OURS}
    assert shown == {"Account", "Event", "PeriodicTask", "IntervalSchedule", "CrontabSchedule"} | {
        model.__name__ for model in LOG_INS
    }
    assert not admin.site.is_registered(Group)
    assert {Account, Event} <= set(READ_ONLY)


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
def test_not_even_a_superuser_adds_to_a_table_of_money(superuser: Client, model: type[Model]) -> None:
    assert superuser.get(f"{list_of(model)}add/").status_code == HTTPStatus.FORBIDDEN
    assert superuser.post(f"{list_of(model)}add/").status_code == HTTPStatus.FORBIDDEN


def test_not_even_a_superuser_changes_or_deletes_what_is_shown(superuser: Client) -> None:
    creator = Creator.objects.create(external_id="alice", email="alice@example.com")
    assert superuser.post(page_of(creator), {"email": "eve@example.com"}).status_code == HTTPStatus.FORBIDDEN
    delete = page_of(creator).replace("/change/", "/delete/")
    assert superuser.post(delete, {"post": "yes"}).status_code == HTTPStatus.FORBIDDEN
    action = {"action": "delete_selected", "_selected_action": str(creator.pk), "post": "yes"}
    superuser.post(list_of(Creator), action)
    creator.refresh_from_db()
    assert creator.email == "alice@example.com"


def test_staff_without_further_rights_see_every_table_of_ours(staff: Client) -> None:
    assert staff.get("/admin/").status_code == HTTPStatus.OK
    shown = [model for model in READ_ONLY if model not in LOG_INS]
    statuses = {model.__name__: staff.get(list_of(model)).status_code for model in shown}
    assert set(statuses.values()) == {HTTPStatus.OK}, statuses


def test_staff_without_further_rights_see_neither_users_nor_schedules_nor_log_ins(staff: Client) -> None:
    for model in (User, PeriodicTask, *LOG_INS):
        assert staff.get(list_of(model)).status_code == HTTPStatus.FORBIDDEN
        assert list_of(model) not in staff.get("/admin/").content.decode()


def test_a_user_who_is_no_staff_is_sent_to_log_in(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("eve"))
    for address in ("/admin/", *(list_of(model) for model in READ_ONLY)):
        answer = client.get(address)
        assert answer.status_code == HTTPStatus.FOUND
        assert answer.headers["Location"].startswith("/admin/login/")


def test_nobody_sees_anything_before_logging_in(client: Client, db: None) -> None:
    answer = client.get("/admin/")
    assert answer.headers["Location"] == "/admin/login/?next=/admin/"


def test_staff_who_log_in_come_to_the_overview(client: Client, db: None) -> None:
    User.objects.create_user("sam", password="a long password", is_staff=True)
    answer = client.post("/admin/login/", {"username": "sam", "password": "a long password"}, follow=True)
    assert answer.redirect_chain == [("/admin/", HTTPStatus.FOUND)]


def test_a_superuser_pauses_a_periodic_task_but_makes_none_and_deletes_none(superuser: Client) -> None:
    hourly = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    task: Any = PeriodicTask.objects.create(name="post", task="earnings.post_due", interval=hourly)
    answer = superuser.post(page_of(task), {"interval": hourly.pk, "crontab": ""})
    assert answer.status_code == HTTPStatus.FOUND, answer.content
    task.refresh_from_db()
    assert not task.enabled
    assert superuser.get(f"{list_of(PeriodicTask)}add/").status_code == HTTPStatus.FORBIDDEN
    delete = page_of(task).replace("/change/", "/delete/")
    assert superuser.post(delete, {"post": "yes"}).status_code == HTTPStatus.FORBIDDEN


def test_a_superuser_makes_a_user_but_deletes_none(superuser: Client) -> None:
    given = {"username": "sam", "password1": "a long password", "password2": "a long password"}
    given["usable_password"] = "true"
    assert superuser.post(f"{list_of(User)}add/", given).status_code == HTTPStatus.FOUND
    sam = User.objects.get(username="sam")
    delete = page_of(sam).replace("/change/", "/delete/")
    assert superuser.post(delete, {"post": "yes"}).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("address", ["/", "/admin"])
def test_the_root_leads_to_the_console(client: Client, address: str) -> None:
    assert client.get(address).headers["Location"] == "/admin/"


def test_stripe_still_reaches_the_webhook(client: Client) -> None:
    assert (
        client.post("/webhooks/stripe", "{}", content_type="application/json").status_code
        == HTTPStatus.BAD_REQUEST
    )


def choices(page: str) -> list[str]:
    return re.findall(r'name="user_permissions" value="(\d+)"', page)


def test_a_superuser_grants_and_takes_rights_by_their_names(superuser: Client) -> None:
    dana = UserFactory.create(username="dana")
    shown = superuser.get(page_of(dana)).content.decode()
    assert len(choices(shown)) == len(Right)
    assert all(escape(right.label) in shown for right in Right)
    assert "Can add" not in shown
    for rights in ({Right.HOLD, Right.SYNC}, {Right.SYNC}, set[Right]()):
        granted = Permission.objects.filter(codename__in=rights, content_type__app_label="accounts")
        answer = superuser.post(page_of(dana), STAYS | {"user_permissions": [row.pk for row in granted]})
        assert answer.status_code == HTTPStatus.FOUND, answer.content
        now = User.objects.get(pk=dana.pk)
        assert {right for right in Right if now.has_perm(right.permission)} == rights


def test_what_else_django_lets_a_user_do_is_not_lost_when_rights_change(superuser: Client) -> None:
    dana = UserFactory.create(username="dana", rights=[Right.HOLD])
    dana.user_permissions.add(Permission.objects.get(codename="view_periodictask"))
    superuser.post(page_of(dana), STAYS)
    dana.refresh_from_db()
    assert [row.codename for row in dana.user_permissions.all()] == ["view_periodictask"]


def test_a_right_that_is_none_of_ours_cannot_be_granted(superuser: Client) -> None:
    dana = UserFactory.create(username="dana")
    other = Permission.objects.get(codename="change_user")
    answer = superuser.post(page_of(dana), STAYS | {"user_permissions": [other.pk]})
    assert answer.status_code == HTTPStatus.OK
    assert not User.objects.get(pk=dana.pk).has_perm("accounts.change_user")


def test_the_name_that_signs_is_chosen_once(superuser: Client) -> None:
    dana = UserFactory.create(username="dana")
    assert 'name="username"' in superuser.get(f"{list_of(User)}add/").content.decode()
    shown = superuser.get(page_of(dana)).content.decode()
    assert 'name="username"' not in shown
    assert "dana" in shown
    superuser.post(page_of(dana), STAYS | {"username": "erin", "first_name": "Dana"})
    dana.refresh_from_db()
    assert (dana.username, dana.first_name) == ("dana", "Dana")


@pytest.mark.parametrize(
    ("username", "problem"),
    [("System", "is reserved"), ("DANA", "already exists"), ("da na", "valid username")],
)
def test_a_name_that_cannot_sign_is_refused_in_words(superuser: Client, username: str, problem: str) -> None:
    UserFactory.create(username="dana")
    given = {"username": username, "password1": "a long password", "password2": "a long password"}
    answer = superuser.post(f"{list_of(User)}add/", given)
    assert problem in answer.content.decode()
    assert set(User.objects.values_list("username", flat=True)) == {"root", "dana"}


def test_staff_with_every_right_see_no_users(client: Client, db: None) -> None:
    client.force_login(UserFactory.create(rights=list(Right)))
    assert client.get(list_of(User)).status_code == HTTPStatus.FORBIDDEN
    assert client.get(f"{list_of(User)}add/").status_code == HTTPStatus.FORBIDDEN
