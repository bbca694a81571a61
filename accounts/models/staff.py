"""Members of staff."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Max, Q
from django.db.models.functions import Lower

from database import sql
from database.acts import Kind
from database.models import RecordedAct
from database.staff import SYSTEM, Right

_RIGHTS = """
SELECT permission.codename AS right, min(membership.joined_at) AS since
FROM accounts_user_groups AS membership
JOIN auth_group_permissions AS given ON given.group_id = membership.group_id
JOIN auth_permission AS permission ON permission.id = given.permission_id
JOIN django_content_type AS type ON type.id = permission.content_type_id
WHERE membership.user_id = %(user)s AND type.app_label = 'accounts' AND type.model = 'user'
GROUP BY permission.codename
"""


def can_sign(username: str) -> None:
    """Refuse a username that could be mistaken for another actor's.

    Raises: ValidationError.
    """
    if username.lower() == SYSTEM:
        raise ValidationError(f"{SYSTEM!r} is reserved for what the service does by itself.")
    if User.objects.filter(username__iexact=username).exclude(username=username).exists():
        raise ValidationError("A user with that username already exists.")


class User(AbstractUser):
    """A member of staff. Creators and services have no user: they use the marketplace's tokens.

    The username signs what they do, so it never changes, and no user is ever deleted.
    """

    username = models.CharField(
        max_length=150,
        unique=True,
        validators=[AbstractUser.username_validator, can_sign],
        help_text="Signs what this person does, and never changes. Letters, digits and @ . + - _ only.",
        error_messages={"unique": "A user with that username already exists."},
    )

    class Meta(AbstractUser.Meta):
        permissions = [(right.value, right.label) for right in Right]
        constraints = [
            models.UniqueConstraint(Lower("username"), name="username_is_unique_in_any_case"),
            models.CheckConstraint(condition=Q(username__regex=r"^\S+$"), name="username_has_no_blanks"),
            models.CheckConstraint(condition=~Q(username__iexact=SYSTEM), name="username_is_not_systems"),
            models.UniqueConstraint(
                Lower("email"),
                condition=~Q(email=""),
                name="staff_email_is_unique_in_any_case",
                violation_error_message="Another user has this email address.",
            ),
        ]

    @cached_property
    def rights(self) -> Mapping[Right, datetime]:
        """The rights of this person's groups, each with the time since when they have it; a superuser has none."""
        if not self.is_active or not self.is_staff or self.is_superuser:
            return {}
        rows = sql.rows(_RIGHTS, {"user": self.pk})
        return {Right(row["right"]): row["since"] for row in rows if row["right"] in Right}

    @property
    def let_in_at(self) -> datetime | None:
        """When someone else last set this person's password or made them active staff; None if nobody has since."""
        by_others = RecordedAct.objects.filter(
            subject_table=self._meta.db_table, subject_id=str(self.pk)
        ).exclude(user=self.pk)
        password_set = Q(kind=Kind.CHANGE_PASSWORD)
        activated = Q(kind=Kind.CHANGE_USER) & (Q(after__is_active=True) | Q(after__is_staff=True))
        latest: datetime | None = by_others.filter(password_set | activated).aggregate(at=Max("at"))["at"]
        return latest

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """Check a permission; rights to act come from groups alone, whoever has all other permissions."""
        app, _, codename = perm.partition(".")
        if app == "accounts" and codename in Right:
            return Right(codename) in self.rights
        return super().has_perm(perm, obj)
