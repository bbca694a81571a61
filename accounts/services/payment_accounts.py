"""Creators' Stripe accounts, kept up to date with Stripe."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import gateway
from accounts.errors import StripeAccountGone
from accounts.models import DAILY, MANUAL, AccountStatus, CreatorPaymentAccount, Destination
from accounts.services.holds import cool_down, lift_as_paid_elsewhere
from database import acts
from database.acts import Kind
from database.staff import Act
from stripe_io import mirror


def refresh_payment_account(row: CreatorPaymentAccount, *, now: datetime) -> CreatorPaymentAccount:
    """Retrieve the account's present state from Stripe and record it. A row without an account stays as it is.

    Raises: StripeUnavailable, and leaves the row as it is: the account's state is unknown.
    """
    if row.stripe_account_id is None:
        return row
    try:
        account = gateway.retrieve_account(row.stripe_account_id, api=row.api)
    except StripeAccountGone:
        return _record_gone(row, now=now)
    return record_account(row, account=account, now=now)


def refresh_standing(row: CreatorPaymentAccount, *, now: datetime) -> CreatorPaymentAccount:
    """Refresh the account like `refresh_payment_account`, but for where it is paid out to, if all of that is known.

    Raises: StripeUnavailable.
    """
    if row.stripe_account_id is None or not row.external_account_last4:
        return refresh_payment_account(row, now=now)
    try:
        account = gateway.retrieve_standing(row.stripe_account_id, api=row.api)
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
    row = locked(row)
    if row.stripe_account_id not in {None, account.id} or (row.synced_at is not None and row.synced_at > now):
        return row
    mirror.remember_account(account.payload)
    row.stripe_account_id = account.id
    if account.external_account is not None:
        _record_destination(row, account.external_account, now=now)
    returned, was_active = row.returned_at is not None, row.first_active_at is not None
    row.account_status = AccountStatus.from_stripe(account, returned=returned, was_active=was_active)
    is_active = row.account_status == AccountStatus.ACTIVE
    if account.submitted is None:  # once completed, Stripe's form stays so, whatever is asked for later
        completed = is_active or (returned and not account.information_due)
        row.details_submitted = row.details_submitted or completed
    else:
        row.details_submitted = account.submitted
    row.charges_enabled = account.charges_enabled
    row.payouts_enabled = account.payouts_enabled
    row.capabilities = account.capabilities
    row.requirements = account.requirements
    row.future_requirements = account.future_requirements
    row.service_agreement = account.service_agreement
    row.default_currency = account.default_currency
    row.country = account.country
    row.refused_country = ""
    row.business_type = account.business_type
    row.schedule = account.schedule or row.schedule
    row.opening_since = None
    row.gone_at = None
    row.synced_at = now
    if row.details_submitted and row.onboarding_completed_at is None:
        row.onboarding_completed_at = now
    if is_active and row.first_active_at is None:
        row.first_active_at = now
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
    told = (destination.id, destination.bank, destination.last4)
    if told != (row.external_account_id, row.external_account_bank, row.external_account_last4):
        is_same = destination.id == row.external_account_id
        Destination.objects.create(
            account=row,
            external_account_id=destination.id,
            bank=destination.bank,
            last4=destination.last4,
            since=(row.external_account_since or row.created_at) if is_same else now,
        )
    row.external_account_id, row.external_account_bank, row.external_account_last4 = told
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


@transaction.atomic
def replace_payment_account(row: CreatorPaymentAccount, *, act: Act, now: datetime) -> None:
    """Retire this account, so that the creator can open another; nothing new is sent to it."""
    live = CreatorPaymentAccount.objects.filter(pk=row.pk, replaced_at=None)
    if live.update(replaced_at=now, replaced_by=act.actor, replace_reason=act.reason):
        recorded = acts.record(act, Kind.REPLACE_ACCOUNT, subject=row, creator=row.creator_id)
        CreatorPaymentAccount.objects.filter(pk=row.pk).update(replace_act=recorded)


def record_return(row: CreatorPaymentAccount, *, now: datetime) -> CreatorPaymentAccount:
    """Record that the account's holder came back from Stripe's form, whatever they did there; the first time counts."""
    if row.returned_at is None:
        CreatorPaymentAccount.objects.filter(pk=row.pk, returned_at=None).update(returned_at=now)
        row.returned_at = now
    return row


def record_schedule(row: CreatorPaymentAccount, interval: str) -> CreatorPaymentAccount:
    """Record when Stripe pays out from the account by itself."""
    CreatorPaymentAccount.objects.filter(pk=row.pk).update(schedule=interval)
    row.schedule = interval
    return row


def keep_schedule(row: CreatorPaymentAccount) -> CreatorPaymentAccount:
    """Have the account on the payout schedule that `BANK_PAYOUTS_BY_STRIPE` wants: manual, or one of Stripe's own.

    Onboarding needs this: the v2 API opens accounts on Stripe's own schedule. So do accounts that were opened before
    the setting changed.

    Raises: OpeningRefused, StripeAccountGone, StripeUnavailable.
    """
    account = row.stripe_account_id
    if account is None or is_on_schedule(row):
        return row
    if not settings.BANK_PAYOUTS_BY_STRIPE:
        return record_schedule(row, gateway.set_schedule(account, MANUAL))
    if not row.schedule:  # Stripe's own is not the same in all countries
        row = record_schedule(row, gateway.retrieve_schedule(account))
    if row.schedule == MANUAL:
        row = record_schedule(row, gateway.set_schedule(account, DAILY))
    return row


def is_on_schedule(row: CreatorPaymentAccount) -> bool:
    """Return whether the account is known to be on the payout schedule that the setting wants."""
    return bool(row.schedule) and (row.schedule == MANUAL) != settings.BANK_PAYOUTS_BY_STRIPE


@transaction.atomic
def _record_gone(row: CreatorPaymentAccount, *, now: datetime) -> CreatorPaymentAccount:
    """Record that we can't use the account any more, unless the row is more recent."""
    row = locked(row)
    if row.synced_at is not None and row.synced_at > now:
        return row
    row.account_status = AccountStatus.from_stripe(None)
    row.charges_enabled = False
    row.payouts_enabled = False
    row.capabilities = {}
    row.requirements = {}
    row.future_requirements = {}
    row.gone_at = row.gone_at or now
    row.synced_at = now
    row.save()
    return row


def locked(row: CreatorPaymentAccount) -> CreatorPaymentAccount:
    """Lock a row, and read it as it is now."""
    rows = CreatorPaymentAccount.objects.select_related("creator").select_for_update(of=["self"])
    return rows.get(pk=row.pk)
