"""The terms of a sale: who owns an API at a moment, and the commission rate then."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from database import sql
from earnings.models import Api, BillingRecord

_TERMS = sql.read(Path(__file__).with_name("terms.sql"))


class Terms(NamedTuple):
    creator_id: UUID
    bps: int


def terms_at(api: Api, moment: datetime) -> Terms | None:
    """Return an API's owner and rate at a moment; None if it has no owner."""
    return next((Terms(**row) for row in sql.rows(_TERMS, {"api": api.pk, "at": moment})), None)


def with_terms_of_their_time() -> QuerySet[BillingRecord]:
    """Select the records with the owner and rate of their own time: all but those that took over a charge's."""
    return BillingRecord.objects.filter(Q(related_record_id="") | Q(unlinked__isnull=False))
