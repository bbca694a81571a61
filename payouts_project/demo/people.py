"""The demo's staff: one with all rights, and two with only the rights that they need."""

import secrets
from pathlib import Path

from django.contrib.auth.models import Permission

from accounts.models import User
from database.staff import Right

ADMINISTRATOR = "staff"
FINANCE = "dana"
APPROVER = "sam"
RIGHTS = {
    FINANCE: (
        Right.HOLD,
        Right.RELEASE,
        Right.PAUSE_SENDING,
        Right.RESUME_SENDING,
        Right.PROPOSE_ADJUSTMENT,
        Right.OWN_DIFFERENCE,
    ),
    APPROVER: (Right.APPROVE_ADJUSTMENT, Right.RETRY_PAYOUT, Right.RESOLVE_DIFFERENCE),
}


def hire(folder: Path) -> str:
    """Create the staff if they don't exist; return their password, which is stored in the folder."""
    path = folder / "password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(12), encoding="ascii")
    password = path.read_text(encoding="ascii")
    _add(ADMINISTRATOR, password, is_superuser=True)
    for name, rights in RIGHTS.items():
        _add(name, password, is_superuser=False).user_permissions.set(
            Permission.objects.filter(content_type__app_label="accounts", codename__in=rights)
        )
    return password


def _add(name: str, password: str, *, is_superuser: bool) -> User:
    return User.objects.filter(username=name).first() or User.objects.create_user(
        name, password=password, is_staff=True, is_superuser=is_superuser
    )
