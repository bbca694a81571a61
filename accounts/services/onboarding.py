"""Onboarding at Stripe, and the way back: links there, and the signed state that comes along on return."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner

from accounts import gateway, selectors
from accounts.errors import (
    AccountRejected,
    AlreadyActive,
    NoPaymentAccount,
    OnboardingIncomplete,
    StateExpired,
    StateRefused,
    StripeAccountGone,
)
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount
from accounts.services.payment_accounts import (
    open_payment_account,
    refresh_payment_account,
    replace_payment_account,
)

# Signs what creators do here; no username has a blank.
THE_CREATOR = "the creator"
CALLBACK = "/api/v1/accounts/onboard/callback"
# Long enough to look for documents; whoever holds the state can open the form in the creator's name.
STATE_LIFE = timedelta(hours=24)
_signer = TimestampSigner(salt="accounts.onboarding")


def start_onboarding(
    creator: Creator, *, country: str, business_type: str, now: datetime
) -> gateway.OnboardingLink:
    """Open the creator's account where there is none any more, and return a new link to Stripe's form for it.

    Raises: CountryFixed, CountryNotSupported, AlreadyActive, AccountRejected, StripeAccountGone,
    StripeUnavailable.
    """
    row = selectors.live_account(creator.pk)
    if row is not None:
        row = refresh_payment_account(row, now=now)
        if row.gone_at is not None:
            replace_payment_account(row, reason="Stripe no longer lets us use it", actor=THE_CREATOR, now=now)
            country, business_type = country or row.country, business_type or row.business_type
    row = open_payment_account(creator, country=country, business_type=business_type, now=now)
    return _link(row)


def continue_onboarding(row: CreatorPaymentAccount, *, now: datetime) -> gateway.OnboardingLink:
    """Return a new link to Stripe's form: the last one expired, was used, or was left before its end.

    Raises: AlreadyActive, AccountRejected, StripeAccountGone, StripeUnavailable.
    """
    return _link(refresh_payment_account(row, now=now))


def _link(row: CreatorPaymentAccount) -> gateway.OnboardingLink:
    """Return a new link to Stripe's form for an account of which Stripe has just told."""
    assert row.stripe_account_id is not None
    if row.gone_at is not None:
        raise StripeAccountGone(row.stripe_account_id)
    if row.account_status == AccountStatus.ACTIVE:
        raise AlreadyActive
    if row.account_status == AccountStatus.DISABLED:
        raise AccountRejected
    callback = f"{settings.PUBLIC_URL}{CALLBACK}?{urlencode({'state': _signer.sign(str(row.pk))})}"
    return gateway.create_onboarding_link(
        row.stripe_account_id, return_url=callback, refresh_url=f"{callback}&refresh=1"
    )


def returning_account(state: str) -> CreatorPaymentAccount:
    """Return the account whose holder comes back from Stripe.

    Raises: StateExpired, StateRefused.
    """
    try:
        key = _signer.unsign(state, max_age=STATE_LIFE)
    except SignatureExpired as error:
        raise StateExpired from error
    except BadSignature as error:
        raise StateRefused from error
    row = CreatorPaymentAccount.objects.filter(pk=key, replaced_at=None).first()
    if row is None:
        raise StateRefused
    return row


def open_dashboard(creator: Creator, *, now: datetime) -> str:
    """Return a link, good for one visit, to the creator's Express dashboard.

    Raises: NoPaymentAccount, OnboardingIncomplete, StripeAccountGone, StripeUnavailable.
    """
    row = selectors.live_account(creator.pk)
    if row is None or row.stripe_account_id is None:
        raise NoPaymentAccount
    stripe_account_id = row.stripe_account_id
    if not row.details_submitted:  # they may have been, a moment ago
        row = refresh_payment_account(row, now=now)
    if row.gone_at is not None:
        raise StripeAccountGone(stripe_account_id)
    if not row.details_submitted:
        raise OnboardingIncomplete
    try:
        return gateway.create_dashboard_link(stripe_account_id)
    except StripeAccountGone:
        refresh_payment_account(row, now=now)
        raise
