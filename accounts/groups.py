"""What each group of staff may do. `migrate` makes the groups, and gives them these rights and no others.

Whoever is staff can read; only whoever has a right sees creators' email addresses and bank data. Administrators are
superusers, who manage users and schedules, and have none of these rights.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import TextChoices

from database.staff import Right


class StaffGroup(TextChoices):
    VIEWER = "Viewer", "Viewer: reads, without email addresses and bank data"
    SUPPORT = "Support", "Support: holds creators, syncs, adds notes, owns differences"
    FINANCE = "Finance", "Finance: also proposes, releases, retries, cancels, reverses and resolves"
    APPROVER = "Approver", "Approver: like Support, and approves, declines, resumes and recovers"


_ALL = (StaffGroup.SUPPORT, StaffGroup.FINANCE, StaffGroup.APPROVER)
_FINANCE = (StaffGroup.FINANCE,)
_APPROVER = (StaffGroup.APPROVER,)
WHO_MAY: Mapping[Right, tuple[StaffGroup, ...]] = {
    Right.ADD_NOTE: _ALL,
    Right.SYNC: _ALL,
    Right.HOLD: _ALL,
    Right.OWN_DIFFERENCE: _ALL,
    Right.RETRY_QUARANTINE: _ALL,
    Right.RELEASE: _FINANCE,
    Right.END_COOL_DOWN: _FINANCE,
    Right.TRY_AGAIN: _FINANCE,
    Right.RETRY_PAYOUT: _FINANCE,
    Right.CANCEL_PAYOUT: _FINANCE,
    Right.REVERSE_PAYOUT: _FINANCE,
    Right.SETTLE_PAYOUT: _FINANCE,
    Right.REPLACE_ACCOUNT: _FINANCE,
    Right.PROPOSE_ADJUSTMENT: _FINANCE,
    Right.PROPOSE_PLACEMENT: _FINANCE,
    Right.SET_COMMISSION: _FINANCE,
    Right.PAUSE_SENDING: _FINANCE,
    Right.REPLAY_EVENTS: _FINANCE,
    Right.RETRY_BATCH: _FINANCE,
    Right.QUARANTINE_BATCH: _FINANCE,
    Right.ACCEPT_UNLINKED: _FINANCE,
    Right.RESOLVE_DIFFERENCE: _FINANCE,
    Right.EDIT_CATALOG: _FINANCE,
    Right.EXPORT: _FINANCE,
    Right.APPROVE_ADJUSTMENT: _APPROVER,
    Right.APPROVE_PLACEMENT: _APPROVER,
    Right.RESUME_SENDING: _APPROVER,
    Right.RECOVER: _APPROVER,
}


def rights_of(group: StaffGroup) -> frozenset[Right]:
    return frozenset(right for right, groups in WHO_MAY.items() if group in groups)


def make_groups(*, apps: Any, using: str, **signal: Any) -> None:
    """Make the groups after each migration, once Django has created the permissions of this version."""
    try:
        groups, permissions = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
        apps.get_model("accounts", "User")
    except LookupError:  # migrated back to before there were users
        return
    ours = permissions.objects.using(using).filter(content_type__app_label="accounts")
    for name in StaffGroup:
        group, _ = groups.objects.using(using).get_or_create(name=name.value)
        group.permissions.set(ours.filter(codename__in=rights_of(name)))
