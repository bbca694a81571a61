"""Creators' Stripe accounts: opened once, and kept up to date with Stripe."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts import gateway
from accounts.errors import (
    CountryFixed,
    CountryNotSupported,
    CreationKeySpent,
    StripeAccountGone,
    StripeUnavailable,
)
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount
from accounts.services.holds import cool_down, lift_as_paid_elsewhere
from database.staff import Act
from stripe_io import mirror

# Stripe may forget a key after 24 hours, and would then create a second account under it.
KEY_LIFE = timedelta(hours=23)
# By then none of our requests is still in progress: the client gives up much sooner.
REQUEST_LIFE = timedelta(minutes=2)


def open_payment_account(
    creator: Creator, *, now: datetime, country: str = "", business_type: str = ""
) -> CreatorPaymentAccount:
    """Return the creator's live Stripe account, creating it at Stripe if there is none.

    Repeated and parallel calls create only one: the row is written first, and every call to Stripe sends the row's
    values under the row's key. The country defaults to the creator's, then to the platform's.

    Raises: CountryFixed, CountryNotSupported, StripeUnavailable.
    """
    row = _live_row(creator)
    if row.stripe_account_id is None:
        row = _open(row, country=country, business_type=business_type, now=now)
    if country and row.country != country:
        raise CountryFixed(row.country)
    return row


def refresh_payment_account(row: CreatorPaymentAccount, *, now: datetime) -> CreatorPaymentAccount:
    """Retrieve the account's present state from Stripe and record it. A row without an account stays as it is.

    Raises: StripeUnavailable, and leaves the row as it is: the account's state is unknown.
    """
    if row.stripe_account_id is None:
        return row
    try:
        account = gateway.retrieve_account(row.stripe_account_id)
    except StripeAccountGone:
        return _record_gone(row, now=now)
    return record_account(row, account=account, now=now)


@transaction.atomic
def record_account(
    row: CreatorPaymentAccount, *, account: gateway.StripeAccount, now: datetime
) -> CreatorPaymentAccount:
    """Copy the account, as Stripe described it at `now`, onto the row, unless the row is more recent.

    A row never changes to another account: a request that was delayed for minutes may have created a second one.
    """
    row = _locked(row)
    if row.stripe_account_id not in {None, account.id} or (row.synced_at is not None and row.synced_at > now):
        return row
    mirror.remember_account(account.payload)
    row.stripe_account_id = account.id
    if account.external_account is not None:
        _record_destination(row, account.external_account, now=now)
    row.account_status = AccountStatus.from_stripe(account)
    row.details_submitted = account.details_submitted
    row.charges_enabled = account.charges_enabled
    row.payouts_enabled = account.payouts_enabled
    row.capabilities = account.capabilities
    row.requirements = account.requirements
    row.service_agreement = account.service_agreement
    row.default_currency = account.default_currency
    row.country = account.country
    row.refused_country = ""
    row.business_type = account.business_type
    row.opening_since = None
    row.gone_at = None
    row.synced_at = now
    if account.details_submitted and row.onboarding_completed_at is None:
        row.onboarding_completed_at = now
    row.save()
    return row


def _record_destination(
    row: CreatorPaymentAccount, destination: gateway.ExternalAccount, *, now: datetime
) -> None:
    """Record where the account is paid out to; if that changed, start a cool-down."""
    if _is_elsewhere(row, destination):
        cool_down(
            row.creator,
            reason=f"Payouts have a new destination: {destination.id} of {row.stripe_account_id}",
            now=now,
        )
        lift_as_paid_elsewhere(row.creator, reason=f"New destination: {destination.id}", now=now)
        row.external_account_since = now
    row.external_account_id = destination.id
    row.external_account_fingerprint = destination.fingerprint


def _is_elsewhere(row: CreatorPaymentAccount, destination: gateway.ExternalAccount) -> bool:
    """Check whether the destination differs from the one before; a creator's very first doesn't."""
    if row.replaced_at is not None:
        return False
    if not row.external_account_id:
        earlier = CreatorPaymentAccount.objects.filter(creator=row.creator, replaced_at__isnull=False)
        return earlier.filter(stripe_account_id__isnull=False).exists()
    if destination.fingerprint and row.external_account_fingerprint:
        return destination.fingerprint != row.external_account_fingerprint
    return destination.id != row.external_account_id


def replace_payment_account(row: CreatorPaymentAccount, *, act: Act, now: datetime) -> None:
    """Retire this account, so that the creator can open another; nothing new is sent to it."""
    CreatorPaymentAccount.objects.filter(pk=row.pk, replaced_at=None).update(
        replaced_at=now, replaced_by=act.actor, replace_reason=act.reason
    )


@transaction.atomic
def _record_gone(row: CreatorPaymentAccount, *, now: datetime) -> CreatorPaymentAccount:
    """Record that we can't use the account any more, unless the row is more recent."""
    row = _locked(row)
    if row.synced_at is not None and row.synced_at > now:
        return row
    row.account_status = AccountStatus.from_stripe(None)
    row.charges_enabled = False
    row.payouts_enabled = False
    row.capabilities = {}
    row.requirements = {}
    row.gone_at = row.gone_at or now
    row.synced_at = now
    row.save()
    return row


def _live_row(creator: Creator) -> CreatorPaymentAccount:
    CreatorPaymentAccount.objects.bulk_create([CreatorPaymentAccount(creator=creator)], ignore_conflicts=True)
    return CreatorPaymentAccount.objects.select_related("creator").get(creator=creator, replaced_at=None)


def _open(
    row: CreatorPaymentAccount, *, country: str, business_type: str, now: datetime
) -> CreatorPaymentAccount:
    """Create the account under the row's key, or find the one that an earlier key created."""
    if row.opening_since and (country not in {"", row.country} or now - row.opening_since > KEY_LIFE):
        row = _end_opening(row, now=now, proved_over=False)
    try:
        row = _begin_opening(row, country=country, business_type=business_type, now=now)
        return _create(row)
    except CreationKeySpent as spent:
        row = _end_opening(row, now=now, proved_over=spent.replayed)
        row = _begin_opening(row, country=country, business_type=business_type, now=now)
        return _create(row)


@transaction.atomic
def _begin_opening(
    row: CreatorPaymentAccount, *, country: str, business_type: str, now: datetime
) -> CreatorPaymentAccount:
    """Write a new key and its parameters on the row, unless it already has a key or an account."""
    row = _locked(row)
    if row.opening_since is None and row.stripe_account_id is None:
        country = country or row.country or row.creator.country or settings.PLATFORM_COUNTRY
        row.openings += 1
        row.opening_since = now
        row.country = country
        row.business_type = business_type or row.business_type
        row.service_agreement = "full" if country == settings.PLATFORM_COUNTRY else "recipient"
        row.save()
    return row


def _create(row: CreatorPaymentAccount) -> CreatorPaymentAccount:
    if row.stripe_account_id:
        return row
    assert row.opening_since is not None
    try:
        created = gateway.create_account(
            idempotency_key=row.creation_key,
            payment_account_id=row.pk,
            creator_id=row.creator.external_id,
            email=row.creator.email,
            country=row.country,
            business_type=row.business_type,
            service_agreement=row.service_agreement,
        )
    except CountryNotSupported:
        _free(row, country="", refused_country=row.country)
        raise
    # If the key was sent before, Stripe repeats its first answer.
    return record_account(row, account=created, now=row.opening_since)


def _end_opening(row: CreatorPaymentAccount, *, now: datetime, proved_over: bool) -> CreatorPaymentAccount:
    """Record the account that the row's key created; if there is none, free the row for another key.

    While a request may still be in progress, finding no account proves nothing.
    """
    assert row.opening_since is not None
    found = gateway.find_account(
        payment_account_id=row.pk,
        since=row.opening_since,
        until=row.opening_since + KEY_LIFE + REQUEST_LIFE,
    )
    if found:
        return record_account(row, account=found, now=now)
    if not proved_over and now - row.opening_since < REQUEST_LIFE:
        raise StripeUnavailable(f"another request is opening the account of {row.creator}")
    return _free(row, country=row.country)


@transaction.atomic
def _free(row: CreatorPaymentAccount, *, country: str, refused_country: str = "") -> CreatorPaymentAccount:
    """Remove the key from the row, unless it has a newer one."""
    current = _locked(row)
    if current.openings == row.openings and current.stripe_account_id is None:
        current.opening_since = None
        current.country = country
        current.refused_country = refused_country
        current.save(update_fields=["opening_since", "country", "refused_country"])
    return current


def _locked(row: CreatorPaymentAccount) -> CreatorPaymentAccount:
    rows = CreatorPaymentAccount.objects.select_related("creator").select_for_update(of=["self"])
    return rows.get(pk=row.pk)
