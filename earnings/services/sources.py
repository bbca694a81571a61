"""Billing sources: the systems that issue records."""

from database import sql
from earnings.errors import UnknownSource
from earnings.models import BillingSource


def register_source(name: str) -> BillingSource:
    """Return the source of this name, registered if it wasn't yet.

    Raises: ValidationError if the name is no external id.
    """
    source = BillingSource.objects.filter(name=name).first()
    if source is None:
        BillingSource(name=name).clean_fields(exclude=["id"])
        source, _ = BillingSource.objects.get_or_create(name=name)
    return source


def only_source() -> BillingSource | None:
    """Return the installation's source where it has a single one."""
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


def keep_intakes_waiting() -> None:
    """Wait for each intake that is under way, and keep all others waiting until this transaction ends.

    Those of a source that is only now registered too. Whoever takes one source's turn already must not ask for this:
    the next in line for that turn would keep it from ever being given.
    """
    sql.run("LOCK TABLE billing_sources IN EXCLUSIVE MODE")
