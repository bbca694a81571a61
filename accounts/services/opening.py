"""Opening a creator's Stripe account: one, however often it is asked for and whatever fails."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts import gateway, reach
from accounts.errors import (
    BusinessTypeRefused,
    CountryFixed,
    CountryNotSupported,
    CreationKeySpent,
    OpeningRefused,
    StripeUnavailable,
)
from accounts.models import Creator, CreatorPaymentAccount, StripeApi
from accounts.services.payment_accounts import keep_schedule, locked, record_account
from accounts.services.refusals import mend_refusals, record_refusal, refuse_as_before

# Stripe forgets a key after 24 hours in v1 and 30 days in v2, and would then create a second account under it.
# Source: https://docs.stripe.com/api/idempotent_requests and https://docs.stripe.com/api-v2-overview
KEY_LIFE = {StripeApi.V1.value: timedelta(hours=23), StripeApi.V2.value: timedelta(days=29)}
# By then none of our requests is still in progress: the client gives up much sooner.
REQUEST_LIFE = timedelta(minutes=2)


def open_payment_account(
    creator: Creator, *, now: datetime, country: str = "", business_type: str = ""
) -> CreatorPaymentAccount:
    """Return the creator's live Stripe account, creating it at Stripe if there is none.

    Repeated and parallel calls create only one: the row is written first, and every call to Stripe sends the row's
    values under the row's key. The country defaults to the creator's, then to the platform's. What Stripe refused is
    not asked again before its cause may have changed.

    Raises: CountryFixed, OpeningRefused, StripeAccountGone, StripeUnavailable.
    """
    row = _live_row(creator)
    if row.stripe_account_id is None:
        row = _open(row, country=country, business_type=business_type, now=now)
    if country and row.country != country:
        raise CountryFixed(row.country)
    try:
        return keep_schedule(row)
    except OpeningRefused as refused:
        record_refusal(row, refused, now=now)
        raise


def _live_row(creator: Creator) -> CreatorPaymentAccount:
    CreatorPaymentAccount.objects.bulk_create([CreatorPaymentAccount(creator=creator)], ignore_conflicts=True)
    return CreatorPaymentAccount.objects.select_related("creator").get(creator=creator, replaced_at=None)


def _open(
    row: CreatorPaymentAccount, *, country: str, business_type: str, now: datetime
) -> CreatorPaymentAccount:
    """Create the account under the row's key, or find the one that an earlier key created."""
    if row.opening_since and (
        country not in {"", row.country} or now - row.opening_since > KEY_LIFE[row.api]
    ):
        row = _end_opening(row, now=now, proved_over=False)
    try:
        row = _begin_opening(row, country=country, business_type=business_type, now=now)
        return _create(row, now=now)
    except CreationKeySpent as spent:
        row = _end_opening(row, now=now, proved_over=spent.replayed)
        row = _begin_opening(row, country=country, business_type=business_type, now=now)
        return _create(row, now=now)


def _begin_opening(
    row: CreatorPaymentAccount, *, country: str, business_type: str, now: datetime
) -> CreatorPaymentAccount:
    """Write a new key and its parameters on the row, unless it already has a key or an account.

    Raises: OpeningRefused.
    """
    api = row.api if row.opening_since else settings.STRIPE_ACCOUNTS
    # One that was refused isn't silently replaced by a default: an account keeps its country.
    country = (
        country or row.country or row.refused_country or row.creator.country or settings.PLATFORM_COUNTRY
    )
    business_type = business_type or row.business_type
    email = row.creator.email
    refuse_as_before(row, api=api, country=country, business_type=business_type, email=email, now=now)
    agreement = reach.agreement_for(country)
    with transaction.atomic():
        row = locked(row)
        if row.opening_since is not None or row.stripe_account_id is not None:
            return row
        if agreement is None:
            row.refused_country = country
        else:
            row.openings += 1
            row.opening_since = now
            row.api = api
            row.country = country
            row.business_type = business_type
            row.service_agreement = agreement
            row.opening_email = email
        row.save()
    if agreement is None:
        raise CountryNotSupported(country)
    return row


def _create(row: CreatorPaymentAccount, *, now: datetime) -> CreatorPaymentAccount:
    if row.stripe_account_id:
        return row
    assert row.opening_since is not None
    opening = gateway.Opening(
        key=row.creation_key,
        payment_account_id=row.pk,
        creator_id=row.creator.external_id,
        email=row.opening_email,
        country=row.country,
        business_type=row.business_type,
        service_agreement=row.service_agreement,
    )
    try:
        created = gateway.create_account(opening, api=row.api)
    except OpeningRefused as refused:
        return _end_refused(row, refused, now=now)
    mend_refusals(row, now=now)
    # If the key was sent before, Stripe repeats its first answer.
    return record_account(row, account=created, now=row.opening_since)


def _end_refused(
    row: CreatorPaymentAccount, refused: OpeningRefused, *, now: datetime
) -> CreatorPaymentAccount:
    """Free the row for another key, unless an earlier request under this one created an account after all.

    Stripe checks some things before it looks at the key, so a refusal says nothing of a request sent before.

    Raises: the refusal.
    """
    record_refusal(row, refused, now=now)
    assert row.opening_since is not None
    if row.opening_since == now:
        _free(row, refused=refused)
    elif now - row.opening_since >= REQUEST_LIFE:
        row = _end_opening(row, now=now, proved_over=False, refused=refused)
        if row.stripe_account_id:
            return row
    raise refused


def _end_opening(
    row: CreatorPaymentAccount, *, now: datetime, proved_over: bool, refused: OpeningRefused | None = None
) -> CreatorPaymentAccount:
    """Record the account that the row's key created; if there is none, free the row for another key.

    While a request may still be in progress, finding no account proves nothing.
    """
    assert row.opening_since is not None
    found = gateway.find_account(
        api=row.api,
        payment_account_id=row.pk,
        key=row.creation_key,
        since=row.opening_since,
        until=row.opening_since + KEY_LIFE[row.api] + REQUEST_LIFE,
    )
    if found:
        return record_account(row, account=found, now=now)
    if not proved_over and now - row.opening_since < REQUEST_LIFE:
        raise StripeUnavailable(f"another request is opening the account of {row.creator}")
    return _free(row, refused=refused)


@transaction.atomic
def _free(row: CreatorPaymentAccount, *, refused: OpeningRefused | None) -> CreatorPaymentAccount:
    """Remove the key from the row, unless it has a newer one; and the choice that Stripe refused."""
    current = locked(row)
    if current.openings == row.openings and current.stripe_account_id is None:
        current.opening_since = None
        match refused:
            case CountryNotSupported():
                current.country, current.refused_country = "", row.country
            case BusinessTypeRefused():
                current.business_type = ""
        current.save(update_fields=["opening_since", "country", "refused_country", "business_type"])
    return current
