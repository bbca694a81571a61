"""Column types shared by several apps."""

import re
from typing import Any

from django.core.validators import RegexValidator
from django.db import models

# 1 to 255 visible ASCII characters, without those that would end a URL's path segment.
EXTERNAL_ID_CHARACTERS = r"[!\"$&-.0->@-~]{1,255}"
EXTERNAL_ID_REGEX = rf"\A{EXTERNAL_ID_CHARACTERS}\Z"
_EXTERNAL_ID = re.compile(EXTERNAL_ID_REGEX)


class UUID7(models.Func):
    """Our `uuid7()` in PostgreSQL: a random id that sorts by the millisecond in which it was created."""

    function = "uuid7"
    arity = 0
    output_field = models.UUIDField()


class ExternalIdField(models.CharField[str, str]):
    """An id from another system: 1–255 visible ASCII characters without `/ ? # %`."""

    default_validators = [RegexValidator(EXTERNAL_ID_REGEX)]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 255)
        super().__init__(*args, **kwargs)


def is_external(text: object) -> bool:
    """Check whether this is a valid id from another system."""
    return isinstance(text, str) and _EXTERNAL_ID.match(text) is not None


def uuid7_key() -> models.UUIDField[Any, Any]:
    """Make a primary key that the database generates."""
    return models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)


def act_key() -> "models.ForeignKey[Any, Any]":
    """Make a reference to the recorded act behind a row; rows that staff didn't write, and old ones, have none."""
    return models.ForeignKey(
        "database.RecordedAct",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        editable=False,
    )


def is_external_id(name: str) -> models.CheckConstraint:
    """Make a constraint that a column contains a valid external id."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{name}__regex": EXTERNAL_ID_REGEX}), name=f"%(class)s_{name}_is_external"
    )
