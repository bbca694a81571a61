"""Searches of lists by creators' ids, which the tables of these lists don't know."""

from django.db.models import QuerySet

from accounts.models import Creator
from database.admin import look_up
from database.models import RecordedAct
from ledger.models import LedgerAccount


@look_up(LedgerAccount)
def accounts_of_creator(external_id: str) -> QuerySet[LedgerAccount]:
    return LedgerAccount.objects.filter(owner_id__in=_creators(external_id))


@look_up(RecordedAct)
def acts_on_creator(external_id: str) -> QuerySet[RecordedAct]:
    return RecordedAct.objects.filter(creator_id__in=_creators(external_id))


def _creators(external_id: str) -> QuerySet[Creator]:
    return Creator.objects.filter(external_id=external_id)
