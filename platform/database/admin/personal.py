"""Who sees creators' email addresses and bank data."""

from django.http import HttpRequest

from database.staff import Right


def sees_personal_data(request: HttpRequest) -> bool:
    """Return whether this member of staff may do anything here; who only reads sees no address and no bank."""
    user = request.user
    return bool(user.is_superuser) or any(user.has_perm(right.permission) for right in Right)
