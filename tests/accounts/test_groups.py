"""Who may do what: the groups are as the table says, and a right to approve counts only after a while."""

import re
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from accounts.groups import WHO_MAY, StaffGroup, rights_of
from accounts.models import Creator, User
from database import acts, staff
from database.acts import Kind
from database.staff import APPROVALS, Act, NobodyToApprove, Right, RightMissing, RightTooNew, Via
from earnings.services import adjustments
from money import Money
from tests.factories import CreatorFactory, UserFactory, user_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> Creator:
    return CreatorFactory.create()


def joined(user: User, *, ago: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_user_groups SET joined_at = clock_timestamp() - make_interval(secs => %s)"
            " WHERE user_id = %s",
            [ago.total_seconds(), user.pk],
        )


def test_each_right_has_its_groups() -> None:
    assert set(WHO_MAY) == set(Right)


@pytest.mark.parametrize("group", StaffGroup)
def test_a_group_has_the_rights_of_the_table(group: StaffGroup) -> None:
    permissions = Group.objects.get(name=group).permissions.all()
    assert {row.codename for row in permissions} == set(rights_of(group))
    assert set(user_in(group).rights) == rights_of(group)


@pytest.mark.parametrize("group", StaffGroup)
def test_the_documentation_tells_the_rights_of_a_group(group: StaffGroup) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    (told,) = re.findall(rf"^\| {group.value} \| (.*) \|$", page, re.MULTILINE)
    rights = set(re.findall(r"`(\w+)`", told))
    of_support = rights_of(StaffGroup.SUPPORT) if "those of Support" in told else set()
    assert rights | of_support == rights_of(group)


def test_nobody_both_proposes_and_approves_by_one_group() -> None:
    proposals = {Right.PROPOSE_ADJUSTMENT, Right.PROPOSE_PLACEMENT}
    for group in StaffGroup:
        assert not (proposals & rights_of(group) and APPROVALS & rights_of(group))


def test_migrate_puts_a_group_back_as_the_table_says() -> None:
    group = Group.objects.get(name=StaffGroup.VIEWER)
    group.permissions.set(Permission.objects.filter(codename=Right.HOLD))
    call_command("migrate", "accounts", verbosity=0)
    assert not group.permissions.exists()


def test_a_permission_of_a_users_own_gives_no_right() -> None:
    dana = UserFactory.create(username="dana")
    dana.user_permissions.set(Permission.objects.all())
    with pytest.raises(RightMissing, match="It comes with the group Approver or Finance or Support"):
        staff.act_on_command_line("dana", Right.HOLD, "She called")


@pytest.mark.parametrize("right", sorted(APPROVALS))
def test_a_right_to_approve_counts_only_after_a_while(settings: Settings, right: Right) -> None:
    settings.APPROVAL_WAIT_HOURS = 24
    sam = user_in(StaffGroup.APPROVER, username="sam")
    with pytest.raises(RightTooNew, match="24 hours after it was given"):
        staff.act_on_command_line("sam", right, "Seen the invoice")
    staff.act_on_command_line("sam", Right.RESUME_SENDING, "It was right")
    joined(sam, ago=timedelta(hours=23, minutes=59))
    with pytest.raises(RightTooNew):
        staff.act_on_command_line("sam", right, "Seen the invoice")
    joined(sam, ago=timedelta(hours=24))
    staff.act_on_command_line("sam", right, "Seen the invoice")


def test_joining_a_second_group_makes_no_right_younger(settings: Settings) -> None:
    settings.APPROVAL_WAIT_HOURS = 24
    sam = user_in(StaffGroup.APPROVER, username="sam")
    joined(sam, ago=timedelta(hours=24))
    sam.groups.add(Group.objects.get(name=StaffGroup.FINANCE))
    staff.act_on_command_line("sam", Right.APPROVE_ADJUSTMENT, "Seen the invoice")


@pytest.mark.parametrize(
    ("kind", "after", "by_others", "is_too_new"),
    [
        (Kind.CHANGE_PASSWORD, {}, True, True),
        (Kind.CHANGE_PASSWORD, {}, False, False),
        (Kind.CHANGE_USER, {"is_active": True}, True, True),
        (Kind.CHANGE_USER, {"is_staff": True}, True, True),
        (Kind.CHANGE_USER, {"is_active": False}, True, False),
        (Kind.CHANGE_USER, {"email": "changed"}, True, False),
    ],
)
def test_whoever_was_let_in_by_someone_else_approves_only_after_a_while(
    settings: Settings, kind: Kind, after: dict[str, object], by_others: bool, is_too_new: bool
) -> None:
    settings.APPROVAL_WAIT_HOURS = 24
    sam = user_in(StaffGroup.APPROVER, username="sam")
    joined(sam, ago=timedelta(days=30))
    by = UserFactory.create(username="root", is_superuser=True) if by_others else sam
    changed = Act(f"{by.username} via console", "Has lost it", Via.CONSOLE, by.pk)
    acts.record(changed, kind, subject=sam, after=after)
    with pytest.raises(RightTooNew, match="set their password") if is_too_new else nullcontext():
        staff.act_on_command_line("sam", Right.APPROVE_ADJUSTMENT, "Seen the invoice")


def proposal_by(user: User) -> Act:
    return Act(f"{user.username} via console", "Billed twice", Via.CONSOLE, user.pk)


def test_a_proposal_that_nobody_else_can_approve_is_refused_at_once(alice: Creator) -> None:
    dana = user_in(StaffGroup.FINANCE, StaffGroup.APPROVER)
    user_in(StaffGroup.FINANCE)
    UserFactory.create(is_superuser=True)
    user_in(StaffGroup.APPROVER, is_active=False)
    with pytest.raises(NobodyToApprove, match="It comes with the group Approver"):
        adjustments.propose_adjustment(alice, amount=Money(1, "USD"), act=proposal_by(dana))
    user_in(StaffGroup.APPROVER)
    adjustments.propose_adjustment(alice, amount=Money(1, "USD"), act=proposal_by(dana))


def test_no_two_people_have_one_email_address() -> None:
    UserFactory.create(email="dana@example.com")
    UserFactory.create(email="")
    UserFactory.create(email="")
    with pytest.raises(IntegrityError, match="staff_email_is_unique"), transaction.atomic():
        UserFactory.create(email="Dana@Example.com")
