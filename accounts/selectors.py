"""Reads about creators and their accounts."""

from uuid import UUID

from django.db.models import Count, QuerySet

from accounts.models import AccountStatus, CreatorPaymentAccount, Hold


def live_account(creator_id: UUID) -> CreatorPaymentAccount | None:
    return CreatorPaymentAccount.objects.filter(creator=creator_id, replaced_at=None).first()


def open_holds(creator_id: UUID) -> QuerySet[Hold]:
    return Hold.objects.filter(creator=creator_id, lifted_at=None)


def creators_on_hold() -> int:
    """Count the creators who have an open hold."""
    return Hold.objects.filter(lifted_at=None).values("creator").distinct().count()


def accounts_by_status() -> dict[AccountStatus, int]:
    """Count live accounts; every status is there, in the order of an account's life."""
    counts = dict(
        CreatorPaymentAccount.objects.filter(replaced_at=None)
        .order_by("account_status")
        .values_list("account_status")
        .annotate(Count("pk"))
    )
    return {status: counts.get(status, 0) for status in AccountStatus}
