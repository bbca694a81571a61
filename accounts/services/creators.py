"""Creators and their details: set when a creator is first seen, and changed only by staff later."""

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
from database import acts, sql
from database.acts import Kind
from database.changes import Author, Way
from database.staff import Act

_SQL = Path(__file__).parent / "creators_sql"
_MAKE, _IGNORED = (sql.read(_SQL / f"{name}.sql") for name in ("make", "ignored"))


class Details(NamedTuple):
    """A creator's details; an empty one is unknown."""

    email: str = ""
    country: str = ""


def creator_of(principal: Principal) -> Creator:
    """Return the token's creator, who is created if they don't exist yet.

    The token's e-mail address is stored only if there is none yet. It never replaces one: if someone takes over a
    creator's login, notices still reach the creator.
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
def make_creators(creators: Mapping[str, Details], *, by: Author) -> Counter[CreatorField]:
    """Create the creators that don't exist yet, by their external ids.

    Existing creators don't change. Return for how many of them the details differ, by field.
    """
    params = {
        "ids": list(creators),
        "emails": [details.email for details in creators.values()],
        "countries": [details.country for details in creators.values()],
    }
    sql.run(_MAKE, params | by.columns)
    return Counter({CreatorField(row["field"]): row["creators"] for row in sql.rows(_IGNORED, params)})


@transaction.atomic
def set_details(creator: Creator, *, email: str | None, country: str | None, act: Act) -> list[CreatorChange]:
    """Change a creator's details as staff ask; None leaves one as it is. Return the changes.

    The country of an existing Stripe account doesn't change. Raises: DetailRefused, NothingToSet.
    """
    if email and not is_email(email):
        raise DetailRefused(f"{email!r} is not an e-mail address")
    if country and not is_country(country):
        raise DetailRefused(f"{country!r} is not an ISO 3166-1 alpha-2 country, such as US")
    creator = Creator.objects.select_for_update(no_key=True).get(pk=creator.pk)
    given = {CreatorField.EMAIL: email, CreatorField.COUNTRY: country and country.upper()}
    details = {
        field: after
        for field, after in given.items()
        if after is not None and after != getattr(creator, field)
    }
    if not details:
        raise NothingToSet(creator.external_id)
    fields = {field.value: "changed" for field in details}
    recorded = acts.record(act, Kind.EDIT_CREATOR, subject=creator, creator=creator.pk, after=fields)
    by = Author.of(act.recorded_as(recorded))
    changes = [_change(creator, field, after, by=by) for field, after in details.items()]
    creator.save(update_fields=["email", "country"])
    return changes


def is_country(text: str) -> bool:
    """Check whether this is an ISO 3166-1 alpha-2 country, in upper or lower case."""
    return pycountry.countries.get(alpha_2=text) is not None


def is_email(text: str) -> bool:
    """Check whether this is a valid e-mail address that can be stored."""
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
    """Record a change and set it on the row; the caller saves the row."""
    before = getattr(creator, field)
    setattr(creator, field, after)
    return CreatorChange.objects.create(
        creator=creator, field=field, before=before, after=after, **by.columns
    )
