"""Creators' Stripe accounts: opened, and kept as Stripe describes them."""

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

SERVICE_AGREEMENTS = {True: "full", False: "recipient"}
# Stripe may forget a key after 24 hours, and would then make a second account under it.
KEY_LIFE = timedelta(hours=23)
# After this no request of ours is under way any more: the client gives up much sooner.
REQUEST_LIFE = timedelta(minutes=2)


def open_payment_account(
    creator: Creator, *, now: datetime, country: str = "", business_type: str = ""
) -> CreatorPaymentAccount:
    """Return the creator's live Stripe account, made at Stripe if it isn't there yet.

    However often it is called, in parallel too, one account results: the row is first, and whoever asks Stripe
    sends what stands on the row, under the row's key. Without a country, the creator's or else the platform's
    is taken.

    Raises: CountryFixed, CountryNotSupported, StripeUnavailable.
    """
    row = _live_row(creator)
    if row.stripe_account_id is None:
        row = _open(row, country=country, business_type=business_type, now=now)
    if country and row.country != country:
        raise CountryFixed(row.country)
    return row


def refresh_payment_account(row: CreatorPaymentAccount, *, now: datetime) -> CreatorPaymentAccount:
    """Ask Stripe for the account's present state and record it; a row without an account stays as it is.

    Raises: StripeUnavailable, and leaves the row alone: no answer says nothing of an account.
    """
    if row.stripe_account_id is None:
        return row
    try:
        said = gateway.retrieve_account(row.stripe_account_id)
    except StripeAccountGone:
        return _record_gone(row, now=now)
    return record_account(row, said=said, now=now)


@transaction.atomic
def record_account(
    row: CreatorPaymentAccount, *, said: gateway.StripeAccount, now: datetime
) -> CreatorPaymentAccount:
    """Copy what Stripe said at `now` onto the row, unless something later is there already.

    An account that the row has, it keeps: a request held up for minutes may have made another since.
    """
    row = _locked(row)
    if row.stripe_account_id not in {None, said.id} or (row.synced_at is not None and row.synced_at > now):
        return row
    mirror.remember_account(said.said)
    row.stripe_account_id = said.id
    if said.external_account is not None:
        _record_destination(row, said.external_account, now=now)
    row.account_status = AccountStatus.from_stripe(said)
    row.details_submitted = said.details_submitted
    row.charges_enabled = said.charges_enabled
    row.payouts_enabled = said.payouts_enabled
    row.capabilities = said.capabilities
    row.requirements = said.requirements
    row.service_agreement = said.service_agreement
    row.default_currency = said.default_currency
    row.country = said.country
    row.refused_country = ""
    row.business_type = said.business_type
    row.opening_since = None
    row.gone_at = None
    row.synced_at = now
    if said.details_submitted and row.onboarding_completed_at is None:
        row.onboarding_completed_at = now
    row.save()
    return row


def _record_destination(
    row: CreatorPaymentAccount, destination: gateway.ExternalAccount, *, now: datetime
) -> None:
    """Note where the account is paid out to; a creator who was paid elsewhere before has to wait for a while."""
    if _is_elsewhere(row, destination):
        cool_down(
            row.creator,
            reason=f"Payouts would go to {destination.id} of {row.stripe_account_id}, which is new",
            now=now,
        )
        lift_as_paid_elsewhere(row.creator, reason=f"{destination.id} is new", now=now)
        row.external_account_since = now
    row.external_account_id = destination.id
    row.external_account_fingerprint = destination.fingerprint


def _is_elsewhere(row: CreatorPaymentAccount, destination: gateway.ExternalAccount) -> bool:
    """Tell whether this is another place than the one before; a creator's very first is not."""
    if row.replaced_at is not None:
        return False
    if not row.external_account_id:
        earlier = CreatorPaymentAccount.objects.filter(creator=row.creator, replaced_at__isnull=False)
        return earlier.filter(stripe_account_id__isnull=False).exists()
    if destination.fingerprint and row.external_account_fingerprint:
        return destination.fingerprint != row.external_account_fingerprint
    return destination.id != row.external_account_id


def replace_payment_account(row: CreatorPaymentAccount, *, act: Act, now: datetime) -> None:
    """Let the creator open another account in the place of this one, to which nothing new is sent any more."""
    CreatorPaymentAccount.objects.filter(pk=row.pk, replaced_at=None).update(
        replaced_at=now, replaced_by=act.actor, replace_reason=act.reason
    )


@transaction.atomic
def _record_gone(row: CreatorPaymentAccount, *, now: datetime) -> CreatorPaymentAccount:
    """Write down that Stripe doesn't let us use the account, unless it said otherwise later."""
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
    """Make the account under the row's key, or find what an earlier key made."""
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
    """Write a new key and what is asked under it on the row, unless there is a key or an account already."""
    row = _locked(row)
    if row.opening_since is None and row.stripe_account_id is None:
        country = country or row.country or row.creator.country or settings.PLATFORM_COUNTRY
        row.openings += 1
        row.opening_since = now
        row.country = country
        row.business_type = business_type or row.business_type
        row.service_agreement = SERVICE_AGREEMENTS[country == settings.PLATFORM_COUNTRY]
        row.save()
    return row


def _create(row: CreatorPaymentAccount) -> CreatorPaymentAccount:
    if row.stripe_account_id:
        return row
    assert row.opening_since is not None
    try:
        made = gateway.create_account(
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
    # Under a key that was sent before, Stripe says what it said then.
    return record_account(row, said=made, now=row.opening_since)


def _end_opening(row: CreatorPaymentAccount, *, now: datetime, proved_over: bool) -> CreatorPaymentAccount:
    """Record the account that the row's key made; if there is none, free the row for another key.

    Stripe not having it proves nothing while a request may still be under way.
    """
    assert row.opening_since is not None
    found = gateway.find_account(
        payment_account_id=row.pk,
        since=row.opening_since,
        until=row.opening_since + KEY_LIFE + REQUEST_LIFE,
    )
    if found:
        return record_account(row, said=found, now=now)
    if not proved_over and now - row.opening_since < REQUEST_LIFE:
        raise StripeUnavailable(f"the account of {row.creator} is being opened by another request")
    return _free(row, country=row.country)


@transaction.atomic
def _free(row: CreatorPaymentAccount, *, country: str, refused_country: str = "") -> CreatorPaymentAccount:
    """Take the key off the row, unless another was put there since."""
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
