"""Searches of lists by what only apps above the list's own know."""

from django.db.models import QuerySet

from accounts.models import Creator
from database.admin import look_up
from ledger.models import LedgerAccount


@look_up(LedgerAccount)
def accounts_of_creator(external_id: str) -> QuerySet[LedgerAccount]:
    return LedgerAccount.objects.filter(
        owner_id__in=Creator.objects.filter(external_id=external_id).values("pk")
    )
