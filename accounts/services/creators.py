"""Creators, as the marketplace's tokens speak of them."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import EMAIL_MAX_LENGTH, Creator
from accounts.principals import Principal


def creator_of(principal: Principal) -> Creator:
    """Return the creator that a token speaks for, known from now on if not before; the token knows the e-mail."""
    email = _usable_email(principal.email)
    creator, _ = Creator.objects.get_or_create(external_id=principal.subject, defaults={"email": email})
    if email and creator.email != email:
        creator.email = email
        creator.save(update_fields=["email"])
    return creator


def _usable_email(email: str) -> str:
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email if len(email) <= EMAIL_MAX_LENGTH else ""
