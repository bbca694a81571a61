"""Writes about creators and their Stripe accounts."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts import gateway
from accounts.models import EMAIL_MAX_LENGTH, AccountStatus, Creator, CreatorPaymentAccount, Hold, HoldSource
from accounts.principals import Principal
from stripe_io import mirror

SERVICE_AGREEMENTS = {True: "full", False: "recipient"}


def creator_of(principal: Principal) -> Creator:
    """Return the creator that a token speaks for, known from now on if not before; the token knows the e-mail."""
    email = _usable_email(principal.email)
    creator, _ = Creator.objects.get_or_create(external_id=principal.subject, defaults={"email": email})
    if email and creator.email != email:
        creator.email = email
        creator.save(update_fields=["email"])
    return creator


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


@transaction.atomic
def place_hold(creator: Creator, *, source: HoldSource, reason: str, placed_by: str) -> Hold:
    """Stop paying a creator, until this source lifts the hold; the same one twice is one."""
    # Two workers that find the same reason would otherwise each place a hold, to be lifted each by itself.
    Creator.objects.select_for_update(no_key=True).get(pk=creator.pk)
    hold, _ = Hold.objects.get_or_create(
        creator=creator, source=source, reason=reason, lifted_at=None, defaults={"placed_by": placed_by}
    )
    return hold


def _live_row(creator: Creator) -> CreatorPaymentAccount:
    CreatorPaymentAccount.objects.bulk_create([CreatorPaymentAccount(creator=creator)], ignore_conflicts=True)
    return CreatorPaymentAccount.objects.get(creator=creator, replaced_at=None)


def _usable_email(email: str) -> str:
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email if len(email) <= EMAIL_MAX_LENGTH else ""
