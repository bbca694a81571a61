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

from accounts.groups import StaffGroup, rights_of
from accounts.models import Creator, User
from database.acts import Kind
from database.admin import ReadOnlyAdmin, list_of, page_of
from database.models import RecordedAct
from database.staff import Right
from tests.factories import UserFactory

OURS = ("accounts", "earnings", "ledger", "payouts", "revenue", "stripe_io")
CHANGEABLE = {User}
# What the page of an active member of staff sends who may do nothing.
STAYS: dict[str, Any] = {
    "is_active": "on",
    "is_staff": "on",
    "first_name": "",
    "last_name": "",
    "email": "",
    "reason": "As agreed",
}
NEW_PASSWORD = {"password1": "changed", "password2": "changed"}
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
        "Destination",
        "EarnedSince",
        "Installation",
        "PaidTotal",
        "BooksResult",
        "UnlinkedRecord",
        "Recheck",
    }
    assert shown - set(READ_ONLY) == CHANGEABLE


def test_else_only_acts_stripes_events_beats_schedules_and_log_ins_are_shown() -> None:
    shown = {model.__name__ for model in admin.site._registry if model._meta.app_label not in OURS}
    assert shown == {
        "Account",
        "Event",
        "PeriodicTask",
        "IntervalSchedule",
        "CrontabSchedule",
        "RecordedAct",
    } | {model.__name__ for model in LOG_INS}
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
    answer = superuser.post(page_of(task), {"interval": hourly.pk, "crontab": "", "reason": "A look"})
    assert answer.status_code == HTTPStatus.FOUND, answer.content
    task.refresh_from_db()
    assert not task.enabled
    row = RecordedAct.objects.get(kind=Kind.CHANGE_SCHEDULE)
    assert (row.reason, row.before, row.after) == ("A look", {"enabled": True}, {"enabled": False})
    assert superuser.get(f"{list_of(PeriodicTask)}add/").status_code == HTTPStatus.FORBIDDEN
    delete = page_of(task).replace("/change/", "/delete/")
    assert superuser.post(delete, {"post": "yes"}).status_code == HTTPStatus.FORBIDDEN


def test_a_superuser_makes_a_user_but_deletes_none(superuser: Client) -> None:
    given = {"username": "sam", "password1": "a long password", "password2": "a long password"}
    given |= {"usable_password": "true", "reason": "He joins finance"}
    assert superuser.post(f"{list_of(User)}add/", given).status_code == HTTPStatus.FOUND
    sam = User.objects.get(username="sam")
    assert told() == [(Kind.ADD_USER, "He joins finance", {}, {"username": "sam", **NEW_PASSWORD})]
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


def told() -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Return what is recorded of changed users: kind, reason, before and after."""
    rows = RecordedAct.objects.filter(kind__in=[Kind.ADD_USER, Kind.CHANGE_USER, Kind.CHANGE_PASSWORD])
    return [(row.kind, row.reason, row.before, row.after) for row in rows.order_by("pk")]


def test_a_superuser_puts_a_user_into_groups(superuser: Client) -> None:
    dana = UserFactory.create(username="dana")
    shown = superuser.get(page_of(dana)).content.decode()
    assert len(re.findall(r'name="groups" value="(\d+)"', shown)) == len(StaffGroup)
    assert all(escape(group.label) in shown for group in StaffGroup)
    assert "has all permissions" not in shown
    for groups in ([StaffGroup.SUPPORT, StaffGroup.FINANCE], [StaffGroup.SUPPORT], []):
        chosen = [row.pk for row in Group.objects.filter(name__in=groups)]
        answer = superuser.post(page_of(dana), STAYS | {"groups": chosen})
        assert answer.status_code == HTTPStatus.FOUND, answer.content
        rights = {right for group in groups for right in rights_of(group)}
        assert User.objects.get(pk=dana.pk).rights.keys() == rights
    assert [(before, after) for _, _, before, after in told()] == [
        ({"groups": []}, {"groups": ["Finance", "Support"]}),
        ({"groups": ["Finance", "Support"]}, {"groups": ["Support"]}),
        ({"groups": ["Support"]}, {"groups": []}),
    ]


def test_a_superuser_is_in_no_group(superuser: Client) -> None:
    dana = UserFactory.create(username="dana")
    support = Group.objects.get(name=StaffGroup.SUPPORT)
    answer = superuser.post(page_of(dana), STAYS | {"is_superuser": "on", "groups": [support.pk]})
    assert "A superuser manages staff, and is in no group." in answer.content.decode()
    assert not User.objects.get(pk=dana.pk).is_superuser
    assert told() == []


def test_the_last_administrator_stays_one(superuser: Client) -> None:
    root = User.objects.get(is_superuser=True)
    for left_out in ("is_active", "is_staff", "is_superuser"):
        kept = {flag: "on" for flag in ("is_active", "is_staff", "is_superuser") if flag != left_out}
        answer = superuser.post(page_of(root), kept | {"reason": "Leaves"})
        assert "Nobody else manages users." in answer.content.decode()
    UserFactory.create(is_superuser=True)
    answer = superuser.post(page_of(root), {"is_staff": "on", "is_superuser": "on", "reason": "Leaves"})
    assert answer.status_code == HTTPStatus.FOUND
    root.refresh_from_db()
    assert not root.is_active


def test_what_else_django_lets_a_user_do_is_not_lost_when_groups_change(superuser: Client) -> None:
    dana = UserFactory.create(username="dana")
    dana.user_permissions.add(Permission.objects.get(codename="view_periodictask"))
    superuser.post(page_of(dana), STAYS)
    assert [row.codename for row in dana.user_permissions.all()] == ["view_periodictask"]


def test_a_change_of_a_user_is_recorded_without_names_and_addresses(superuser: Client) -> None:
    dana = UserFactory.create(username="dana")
    change = {"first_name": "Dana", "email": "dana@example.com", "is_active": ""}
    assert superuser.post(page_of(dana), STAYS | change | {"reason": " "}).status_code == HTTPStatus.OK
    assert told() == []
    superuser.post(page_of(dana), STAYS | change | {"reason": "She left"})
    before = {"first_name": "changed", "email": "changed", "is_active": True}
    after = {"first_name": "changed", "email": "changed", "is_active": False}
    assert told() == [(Kind.CHANGE_USER, "She left", before, after)]
    row = RecordedAct.objects.get(kind=Kind.CHANGE_USER)
    assert (row.actor, row.via, row.address) == ("root via console", "console", "127.0.0.1")
    assert (row.subject_table, row.subject_id) == ("accounts_user", str(dana.pk))


def test_a_password_that_a_superuser_sets_is_recorded_but_not_what_it_is(superuser: Client) -> None:
    dana = UserFactory.create(username="dana")
    address = page_of(dana).replace("/change/", "/password/")
    given = {"password1": "a long password", "password2": "another password", "usable_password": "true"}
    superuser.post(address, given)
    assert told() == []
    superuser.post(address, given | {"password2": "a long password"})
    assert told() == [(Kind.CHANGE_PASSWORD, "Set a password", {}, {})]
    assert User.objects.get(pk=dana.pk).check_password("a long password")


def test_a_password_that_somebody_changes_is_recorded(client: Client, db: None) -> None:
    dana = User.objects.create_user("dana", password="a long password", is_staff=True)
    client.force_login(dana)
    given = {"old_password": "not mine", "new_password1": "another word", "new_password2": "another word"}
    client.post("/admin/password_change/", given)
    assert told() == []
    client.post("/admin/password_change/", given | {"old_password": "a long password"})
    assert told() == [(Kind.CHANGE_PASSWORD, "Changed their own password", {}, {})]


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
    given["reason"] = "He joins finance"
    answer = superuser.post(f"{list_of(User)}add/", given)
    assert problem in answer.content.decode()
    assert set(User.objects.values_list("username", flat=True)) == {"root", "dana"}


def test_staff_with_every_right_see_no_users(client: Client, db: None) -> None:
    client.force_login(UserFactory.create(rights=list(Right)))
    assert client.get(list_of(User)).status_code == HTTPStatus.FORBIDDEN
    assert client.get(f"{list_of(User)}add/").status_code == HTTPStatus.FORBIDDEN
