"""The demo's staff: an administrator, one person in finance, and one who approves."""

import secrets
from pathlib import Path

from django.contrib.auth.models import Group

from accounts.groups import StaffGroup
from accounts.models import User

ADMINISTRATOR = "staff"
FINANCE = "dana"
APPROVER = "sam"
GROUPS = {FINANCE: StaffGroup.FINANCE, APPROVER: StaffGroup.APPROVER}


def hire(folder: Path) -> str:
    """Create the staff if they don't exist; return their password, which is stored in the folder."""
    path = folder / "password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(12), encoding="ascii")
    password = path.read_text(encoding="ascii")
    _add(ADMINISTRATOR, password, is_superuser=True)
    for name, group in GROUPS.items():
        _add(name, password, is_superuser=False).groups.set(Group.objects.filter(name=group))
    return password


def _add(name: str, password: str, *, is_superuser: bool) -> User:
    return User.objects.filter(username=name).first() or User.objects.create_user(
        name, password=password, is_staff=True, is_superuser=is_superuser
    )
