"""Who sees creators' email addresses and bank data."""

from django.http import HttpRequest

from database.staff import Right


def sees_personal_data(request: HttpRequest) -> bool:
    """Return whether this member of staff has any right; neither who only reads nor an administrator has one."""
    return any(request.user.has_perm(right.permission) for right in Right)
