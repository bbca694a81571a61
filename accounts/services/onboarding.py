"""Onboarding at Stripe: links to its form, and the signed state that identifies a returning creator."""

from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner

from accounts import gateway, selectors
from accounts.errors import (
    AccountRejected,
    AccountReplaced,
    AlreadyActive,
    NoPaymentAccount,
    OnboardingIncomplete,
    OpeningRefused,
    StateExpired,
    StateRefused,
    StripeAccountGone,
)
from accounts.models import AccountStatus, Creator, CreatorPaymentAccount
from accounts.services.opening import open_payment_account
from accounts.services.payment_accounts import (
    record_return,
    refresh_payment_account,
    replace_payment_account,
)
from accounts.services.refusals import mend_own_refusals, record_refusal
from database.staff import Act, Via

# Signs what creators do. No username contains a space, so this can't be a member of staff.
RECONNECTED = Act("the creator", "Stripe no longer lets us use it", via=Via.API)
CALLBACK = "/api/v1/accounts/onboard/callback"
# Long enough to find documents. Whoever has the state can open the form in the creator's name, once.
STATE_LIFE = timedelta(hours=1)
# Stripe's events can be faster than the browser that returns.
JUST_REFRESHED = timedelta(seconds=10)
# The creator has done all that Stripe requires; `onboarding` only waits for Stripe.
DONE = frozenset([AccountStatus.ACTIVE, AccountStatus.ONBOARDING])
_signer = TimestampSigner(salt="accounts.onboarding")


class Outcome(StrEnum):
    """How a visit to Stripe's form ended.

    `left`: Stripe still needs information. `verification_failed`: it rejected something that was submitted.
    `verification_pending`: it has stopped payouts, and needs nothing from the creator.
    """

    COMPLETE = "complete"
    LEFT = "left"
    VERIFICATION_FAILED = "verification_failed"
    VERIFICATION_PENDING = "verification_pending"


def start_onboarding(
    creator: Creator, *, country: str, business_type: str, now: datetime
) -> gateway.OnboardingLink:
    """Return a new link to Stripe's form; open an account first if there is none, or the last one is gone.

    Raises: CountryFixed, OpeningRefused, AlreadyActive, AccountRejected, StripeAccountGone, StripeUnavailable.
    """
    row = selectors.live_account(creator.pk)
    if row is not None:
        row = refresh_payment_account(row, now=now)
        if row.gone_at is not None:
            replace_payment_account(row, act=RECONNECTED, now=now)
            country, business_type = country or row.country, business_type or row.business_type
    row = open_payment_account(creator, country=country, business_type=business_type, now=now)
    _refuse_without_form(row)
    return _new_link(row, now=now)


def retry_onboarding(row: CreatorPaymentAccount, *, now: datetime) -> None:
    """Ask Stripe again for what it refused to this account, so that staff learn when they have mended the cause.

    Raises: OpeningRefused, StripeAccountGone, StripeUnavailable.
    """
    _new_link(open_payment_account(row.creator, now=now), now=now)


def continue_onboarding(state: str, *, now: datetime) -> gateway.OnboardingLink:
    """Return a new link to Stripe's form to a browser that came back with an expired or used one; once per link.

    The account is refreshed first, so that an outage of Stripe doesn't use the state up.

    Raises: StateExpired, StateRefused, AccountReplaced, AlreadyActive, AccountRejected, OpeningRefused,
    StripeAccountGone, StripeUnavailable.
    """
    row, refreshed = _returning(state)
    row = refresh_payment_account(row, now=now)
    _refuse_without_form(row)
    # If two browsers come at once, only one of them updates the row.
    if not CreatorPaymentAccount.objects.filter(pk=row.pk, links_refreshed=refreshed).update(
        links_refreshed=refreshed + 1
    ):
        raise StateExpired
    row.links_refreshed = refreshed + 1
    return _new_link(row, now=now)


def outcome_of(state: str, *, now: datetime) -> Outcome:
    """Refresh the account of a creator who came back from Stripe's form, and return how their visit ended.

    Raises: StateExpired, StateRefused, AccountReplaced, AccountRejected, StripeAccountGone, StripeUnavailable.
    """
    row, _ = _returning(state)
    row = record_return(row, now=now)
    if row.payable and row.synced_at is not None and now - row.synced_at < JUST_REFRESHED:
        return Outcome.COMPLETE
    row = refresh_payment_account(row, now=now)
    _refuse_lost(row)
    if row.account_status in DONE:
        return Outcome.COMPLETE
    if row.verification_failed:
        return Outcome.VERIFICATION_FAILED
    return Outcome.LEFT if row.information_due else Outcome.VERIFICATION_PENDING


def _refuse_without_form(row: CreatorPaymentAccount) -> None:
    """Refuse a freshly refreshed account that has no use for Stripe's form."""
    _refuse_lost(row)
    if row.account_status == AccountStatus.ACTIVE:
        raise AlreadyActive


def _refuse_lost(row: CreatorPaymentAccount) -> None:
    if row.gone_at is not None:
        raise StripeAccountGone(str(row.stripe_account_id))
    if row.account_status == AccountStatus.DISABLED:
        raise AccountRejected


def _new_link(row: CreatorPaymentAccount, *, now: datetime) -> gateway.OnboardingLink:
    assert row.stripe_account_id is not None
    state = _signer.sign(f"{row.pk}/{row.links_refreshed}")
    callback = f"{settings.PUBLIC_URL}{CALLBACK}?{urlencode({'state': state})}"
    try:
        link = gateway.create_onboarding_link(
            row.stripe_account_id, api=row.api, return_url=callback, refresh_url=f"{callback}&refresh=1"
        )
    except OpeningRefused as refused:
        record_refusal(row, refused, now=now)
        raise
    mend_own_refusals(row, now=now)
    return link


def _returning(state: str) -> tuple[CreatorPaymentAccount, int]:
    """Return the account of a state, and its count of refreshed links when the state was signed.

    Raises: StateExpired, StateRefused, AccountReplaced.
    """
    try:
        signed = _signer.unsign(state, max_age=STATE_LIFE)
    except SignatureExpired as error:
        raise StateExpired from error
    except BadSignature as error:
        raise StateRefused from error
    key, _, refreshed = signed.partition("/")
    row = CreatorPaymentAccount.objects.filter(pk=key).first()
    if row is None or not refreshed:
        raise StateRefused
    if row.replaced_at is not None:
        raise AccountReplaced
    return row, int(refreshed)


def open_dashboard(creator: Creator, *, now: datetime) -> str:
    """Return a single-use link to the creator's Express dashboard.

    Raises: NoPaymentAccount, OnboardingIncomplete, StripeAccountGone, StripeUnavailable.
    """
    row = selectors.live_account(creator.pk)
    if row is None or row.stripe_account_id is None:
        raise NoPaymentAccount
    stripe_account_id = row.stripe_account_id
    if not row.details_submitted:  # the row may be out of date
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
