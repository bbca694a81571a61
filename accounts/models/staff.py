"""Members of staff."""

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from database.staff import SYSTEM, Right


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
        ]
