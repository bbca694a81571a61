"""Reads about creators and their accounts."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.models import CreatorPaymentAccount, Hold


def live_account(creator_id: UUID) -> CreatorPaymentAccount | None:
    return CreatorPaymentAccount.objects.filter(creator=creator_id, replaced_at=None).first()


def open_holds(creator_id: UUID) -> QuerySet[Hold]:
    return Hold.objects.filter(creator=creator_id, lifted_at=None)
