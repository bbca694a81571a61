"""Creators, and what is known of them: said once, by whoever makes them known, and later by staff alone."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pycountry
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.errors import DetailRefused, NothingToSet
from accounts.models import EMAIL_MAX_LENGTH, Creator, CreatorChange, CreatorField
from accounts.principals import Principal
from database import sql
from database.changes import Author, Way
from database.staff import Act

_SQL = Path(__file__).parent / "creators_sql"
_MAKE, _IGNORED = (sql.read(_SQL / f"{name}.sql") for name in ("make", "ignored"))


class Details(NamedTuple):
    """What is said of a creator; what is left empty is not said."""

    email: str = ""
    country: str = ""


def creator_of(principal: Principal) -> Creator:
    """Return the creator that a token speaks for, known from now on if not before.

    The token's e-mail address is taken where there is none yet. It changes none: notices go to the address that the
    creator had before somebody took over their log-in.
    """
    creator = Creator.objects.filter(external_id=principal.subject).first()
    email = principal.email if is_email(principal.email) else ""
    by = Author(Way.TOKEN, actor=principal.subject)
    if creator is None:
        make_creators({principal.subject: Details(email=email)}, by=by)
        creator = Creator.objects.get(external_id=principal.subject)
    if email and not creator.email:
        _fill_email(creator, email, by=by)
    return creator


@transaction.atomic
def make_creators(said: Mapping[str, Details], *, by: Author) -> Counter[CreatorField]:
    """Make the creators that are not known yet, by their external ids.

    What is said of the others changes nothing: return how many of them it differs for, by field.
    """
    names = {
        "ids": list(said),
        "emails": [details.email for details in said.values()],
        "countries": [details.country for details in said.values()],
    }
    sql.run(_MAKE, names | by.columns)
    return Counter({CreatorField(row["field"]): row["creators"] for row in sql.rows(_IGNORED, names)})


@transaction.atomic
def set_details(creator: Creator, *, email: str | None, country: str | None, act: Act) -> list[CreatorChange]:
    """Have staff correct what is known of a creator; None stays as it is. Return what changed.

    The country of a Stripe account that is open already doesn't follow. Raises: DetailRefused, NothingToSet.
    """
    by = Author.of(act)
    if email and not is_email(email):
        raise DetailRefused(f"{email!r} is not an e-mail address")
    if country and not is_country(country):
        raise DetailRefused(f"{country!r} is not an ISO 3166-1 alpha-2 country, such as US")
    creator = Creator.objects.select_for_update(no_key=True).get(pk=creator.pk)
    told = {CreatorField.EMAIL: email, CreatorField.COUNTRY: country and country.upper()}
    changes = [
        _change(creator, field, after, by=by)
        for field, after in told.items()
        if after is not None and after != getattr(creator, field)
    ]
    if not changes:
        raise NothingToSet(creator.external_id)
    creator.save(update_fields=["email", "country"])
    return changes


def is_country(text: str) -> bool:
    """Tell whether this is an ISO 3166-1 alpha-2 country, in whatever case."""
    return pycountry.countries.get(alpha_2=text) is not None


def is_email(text: str) -> bool:
    """Tell whether this is an e-mail address that can be kept."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= EMAIL_MAX_LENGTH


@transaction.atomic
def _fill_email(creator: Creator, email: str, *, by: Author) -> None:
    locked = Creator.objects.select_for_update(no_key=True).get(pk=creator.pk)
    if not locked.email:
        _change(locked, CreatorField.EMAIL, email, by=by)
        locked.save(update_fields=["email"])
    creator.email = locked.email


def _change(creator: Creator, field: CreatorField, after: str, *, by: Author) -> CreatorChange:
    """Note a change, and make it on the row, which is saved by whoever asks for this."""
    before = getattr(creator, field)
    setattr(creator, field, after)
    return CreatorChange.objects.create(
        creator=creator, field=field, before=before, after=after, **by.columns
    )
