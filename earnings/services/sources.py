"""Billing sources: the systems that issue billing records."""

from django.db import transaction

from database import acts, sql
from database.acts import Kind
from database.staff import Act
from earnings.errors import UnknownSource
from earnings.models import BillingSource


def register_source(name: str) -> BillingSource:
    """Return the source with this name, creating it if needed.

    Raises: ValidationError if the name is not a valid external id.
    """
    source = BillingSource.objects.filter(name=name).first()
    if source is None:
        BillingSource(name=name).clean_fields(exclude=["id"])
        source, _ = BillingSource.objects.get_or_create(name=name)
    return source


@transaction.atomic
def add_source(name: str, *, act: Act) -> BillingSource:
    """Register a source for an operator; one that is registered already stays as it is.

    Raises: ValidationError if the name is not a valid external id.
    """
    is_new = not BillingSource.objects.filter(name=name).exists()
    source = register_source(name)
    if is_new:
        acts.record(act, Kind.ADD_SOURCE, subject=source)
    return source


def only_source() -> BillingSource | None:
    """Return the source if there is exactly one; else None."""
    sources = BillingSource.objects.order_by("pk")[:2]
    return sources[0] if len(sources) == 1 else None


def known_source(name: str) -> BillingSource:
    """Return a registered source.

    Raises: UnknownSource.
    """
    source = BillingSource.objects.filter(name=name).first()
    if source is None:
        raise UnknownSource(name)
    return source


def block_intakes() -> None:
    """Wait for running intakes, and block new ones until this transaction ends, those of new sources included.

    Don't call this while holding a source's lock: it would deadlock with the next intake that waits for that lock.
    """
    sql.run("LOCK TABLE billing_sources IN EXCLUSIVE MODE")
