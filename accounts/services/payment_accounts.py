"""Creators' Stripe accounts: opened, and kept as Stripe describes them."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import gateway
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount
from stripe_io import mirror

SERVICE_AGREEMENTS = {True: "full", False: "recipient"}


def open_payment_account(creator: Creator, *, now: datetime) -> CreatorPaymentAccount:
    """Return the creator's live Stripe account, made at Stripe if it isn't there yet.

    However often it is called, in parallel too, one account results: the row is first, and its id is the
    idempotency key under which Stripe makes the account.

    Raises: StripeUnavailable.
    """
    row = _live_row(creator)
    if row.stripe_account_id:
        return row
    country = creator.country or settings.PLATFORM_COUNTRY
    made = gateway.create_account(
        idempotency_key=f"account:{row.id}",
        creator_id=creator.external_id,
        email=creator.email,
        country=country,
        service_agreement=SERVICE_AGREEMENTS[country == settings.PLATFORM_COUNTRY],
    )
    return record_account(row, said=made, now=now)


def refresh_payment_account(row: CreatorPaymentAccount, *, now: datetime) -> CreatorPaymentAccount:
    """Ask Stripe for the account's present state and record it; a row without an account stays as it is.

    Raises: StripeAccountGone, StripeUnavailable.
    """
    if row.stripe_account_id is None:
        return row
    return record_account(row, said=gateway.retrieve_account(row.stripe_account_id), now=now)


@transaction.atomic
def record_account(
    row: CreatorPaymentAccount, *, said: gateway.StripeAccount, now: datetime
) -> CreatorPaymentAccount:
    """Copy what Stripe said at `now` onto the row, unless something later is there already."""
    row = CreatorPaymentAccount.objects.select_for_update().get(pk=row.pk)
    if row.synced_at is not None and row.synced_at > now:
        return row
    mirror.remember_account(said.said)
    row.stripe_account_id = said.id
    row.account_status = AccountStatus.from_stripe(said)
    row.details_submitted = said.details_submitted
    row.charges_enabled = said.charges_enabled
    row.payouts_enabled = said.payouts_enabled
    row.capabilities = said.capabilities
    row.requirements = said.requirements
    row.service_agreement = said.service_agreement
    row.default_currency = said.default_currency
    row.country = said.country
    row.business_type = said.business_type
    row.synced_at = now
    if said.details_submitted and row.onboarding_completed_at is None:
        row.onboarding_completed_at = now
    row.save()
    return row


def _live_row(creator: Creator) -> CreatorPaymentAccount:
    CreatorPaymentAccount.objects.bulk_create([CreatorPaymentAccount(creator=creator)], ignore_conflicts=True)
    return CreatorPaymentAccount.objects.get(creator=creator, replaced_at=None)
