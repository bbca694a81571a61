"""Stripe's refusals to open accounts: kept for staff, and not met again before their cause may have changed."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from accounts.errors import (
    AccountRefused,
    BusinessTypeRefused,
    CountryNotSupported,
    EmailRefused,
    OpeningRefused,
    PlatformNotReady,
)
from accounts.models import CreatorPaymentAccount, OpeningRefusal, RefusalCause


def refuse_as_before(
    row: CreatorPaymentAccount, *, api: str, country: str, business_type: str, email: str, now: datetime
) -> None:
    """Refuse to ask Stripe what it refused before, while nothing can have changed.

    Raises: OpeningRefused.
    """
    standing = OpeningRefusal.objects.filter(mended_at=None, api=api)
    for refusal in standing.filter(Q(cause=RefusalCause.PLATFORM) | Q(payment_account=row)):
        if refusal.stands_against(country=country, business_type=business_type, email=email, now=now):
            raise _told(refusal)


@transaction.atomic
def record_refusal(row: CreatorPaymentAccount, refused: OpeningRefused, *, now: datetime) -> None:
    """Record what Stripe refused for this row; the same cause again only counts."""
    latest = {
        "cause": refused.cause,
        "country": row.country,
        "business_type": row.business_type,
        "email": row.opening_email,
        "code": refused.code,
        "sentence": refused.sentence,
        "page": refused.page,
        "last_refused_at": now,
    }
    standing = OpeningRefusal.objects.filter(mended_at=None)
    if refused.cause == RefusalCause.PLATFORM:
        standing = standing.filter(cause=RefusalCause.PLATFORM, api=row.api)
    else:
        standing = standing.filter(payment_account=row).exclude(cause=RefusalCause.PLATFORM)
    if not standing.update(**latest, api=row.api, times=F("times") + 1):
        first = OpeningRefusal(payment_account=row, api=row.api, refused_at=now, **latest)
        # Another click may have met the same refusal at the same time.
        OpeningRefusal.objects.bulk_create([first], ignore_conflicts=True)


def mend_refusals(row: CreatorPaymentAccount, *, now: datetime) -> None:
    """Close what stood in the way of this row, and of everybody: Stripe has accepted a request of the row's API."""
    ours = Q(payment_account=row) | Q(cause=RefusalCause.PLATFORM, api=row.api)
    OpeningRefusal.objects.filter(ours, mended_at=None).update(mended_at=now)


def mend_own_refusals(row: CreatorPaymentAccount, *, now: datetime) -> None:
    """Close what was refused to this row: its holder has got a link to Stripe's form."""
    OpeningRefusal.objects.filter(payment_account=row, mended_at=None).update(mended_at=now)


def _told(refusal: OpeningRefusal) -> OpeningRefused:
    stripe = {"code": refusal.code, "sentence": refusal.sentence}
    match refusal.cause:
        case RefusalCause.COUNTRY:
            return CountryNotSupported(refusal.country, **stripe)
        case RefusalCause.EMAIL:
            return EmailRefused(refusal.email, **stripe)
        case RefusalCause.BUSINESS_TYPE:
            return BusinessTypeRefused(refusal.business_type, country=refusal.country, **stripe)
        case RefusalCause.OTHER:
            return AccountRefused(**stripe, page=refusal.page)
    return PlatformNotReady(**stripe, page=refusal.page)
