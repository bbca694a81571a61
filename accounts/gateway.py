"""All Stripe calls about connected accounts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import stripe
from django.conf import settings

from accounts.errors import CountryNotSupported, CreationKeySpent, StripeAccountGone, StripeUnavailable
from accounts.models import information_due
from stripe_io.client import CLOCK_SKEW, call, client
from stripe_io.errors import StripeCallFailed

T = TypeVar("T")
# Stripe's error codes for an account that was deleted, or that revoked our access.
# Source: https://docs.stripe.com/error-codes#account-invalid
GONE = frozenset(["account_invalid", "resource_missing"])
# Another request with the same key is in progress, such as a second click's. Its answer will be ours too.
# Source: https://docs.stripe.com/error-codes#idempotency-key-in-use
IN_USE = "idempotency_key_in_use"
IN_USE_PAUSES = (0.2, 0.4, 0.8, 1.6)
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class ExternalAccount:
    """A bank account or debit card. Its fingerprint stays the same when it is added again elsewhere."""

    id: str
    fingerprint: str

    @classmethod
    def paid_by(cls, account: dict[str, Any]) -> ExternalAccount | None:
        """Find where an account is paid out to, preferring the default of the account's own currency.

        Source: https://docs.stripe.com/api/external_account_bank_accounts/object
        """
        destinations = (account.get("external_accounts") or {}).get("data") or []
        defaults = [item for item in destinations if item.get("default_for_currency")]
        own = [item for item in defaults if item.get("currency") == account.get("default_currency")]
        for item in (*own, *defaults, *destinations):
            return cls(id=item["id"], fingerprint=item.get("fingerprint") or "")
        return None


@dataclass(frozen=True, slots=True)
class StripeAccount:
    """A connected account as Stripe describes it now; `payload` is the complete object."""

    id: str
    country: str
    default_currency: str
    business_type: str
    service_agreement: str
    details_submitted: bool
    charges_enabled: bool
    payouts_enabled: bool
    capabilities: dict[str, str]
    requirements: dict[str, Any]
    external_account: ExternalAccount | None
    payload: dict[str, Any]

    @classmethod
    def of(cls, account: stripe.Account) -> StripeAccount:
        payload = account.to_dict()
        return cls(
            id=payload["id"],
            country=payload.get("country") or "",
            default_currency=(payload.get("default_currency") or "").upper(),
            business_type=payload.get("business_type") or "",
            service_agreement=(payload.get("tos_acceptance") or {}).get("service_agreement") or "full",
            details_submitted=bool(payload.get("details_submitted")),
            charges_enabled=bool(payload.get("charges_enabled")),
            payouts_enabled=bool(payload.get("payouts_enabled")),
            capabilities=payload.get("capabilities") or {},
            requirements=payload.get("requirements") or {},
            external_account=ExternalAccount.paid_by(payload),
            payload=payload,
        )

    @property
    def transfers_active(self) -> bool:
        return self.capabilities.get("transfers") == "active"

    @property
    def rejected(self) -> bool:
        return str(self.requirements.get("disabled_reason") or "").startswith("rejected.")

    @property
    def stopped(self) -> bool:
        """Whether Stripe stopped payouts for any reason but to verify what was submitted.

        Source: https://docs.stripe.com/api/accounts/object#account_object-requirements-disabled_reason
        """
        return self.requirements.get("disabled_reason") not in {None, "", "requirements.pending_verification"}

    @property
    def information_due(self) -> bool:
        return information_due(self.requirements)


@dataclass(frozen=True, slots=True)
class OnboardingLink:
    """A single-use link to Stripe that expires."""

    url: str
    expires_at: datetime


def create_account(
    *,
    idempotency_key: str,
    payment_account_id: UUID,
    creator_id: str,
    email: str,
    country: str,
    business_type: str,
    service_agreement: str,
) -> StripeAccount:
    """Create an Express account that can receive transfers.

    Its payout schedule is manual, unless BANK_PAYOUTS_BY_STRIPE is set.

    Raises: CountryNotSupported, CreationKeySpent, StripeUnavailable.

    Source: https://docs.stripe.com/connect/service-agreement-types
    """
    params: stripe.params.AccountCreateParams = {
        "type": "express",
        "country": country,
        "capabilities": {"transfers": {"requested": True}},
        "tos_acceptance": {"service_agreement": service_agreement},
        "metadata": {"creator_id": creator_id, "payment_account_id": str(payment_account_id)},
    }
    if not settings.BANK_PAYOUTS_BY_STRIPE:
        params["settings"] = {"payouts": {"schedule": {"interval": "manual"}}}
    if email:
        params["email"] = email
    if business_type:
        params["business_type"] = business_type
    try:
        return StripeAccount.of(_create(params, idempotency_key=idempotency_key))
    except StripeCallFailed as error:
        raise _creation_error(error, country=country) from error


def find_account(*, payment_account_id: UUID, since: datetime, until: datetime) -> StripeAccount | None:
    """Find the account that was created for one of our rows, among all accounts created in that time.

    Raises: StripeUnavailable.
    """
    params: stripe.params.AccountListParams = {
        "created": {
            "gte": int((since - CLOCK_SKEW).timestamp()),
            "lte": int((until + CLOCK_SKEW).timestamp()),
        },
        "limit": LARGEST_PAGE,
    }

    def search() -> stripe.Account | None:
        for account in client().v1.accounts.list(params).auto_paging_iter():
            metadata = account.to_dict().get("metadata") or {}
            if metadata.get("payment_account_id") == str(payment_account_id):
                return account
        return None

    found = _call(search)
    return StripeAccount.of(found) if found else None


def retrieve_account(stripe_account_id: str) -> StripeAccount:
    """Retrieve an account's present state.

    Raises: StripeAccountGone, StripeUnavailable.
    """
    return StripeAccount.of(
        _call_about(stripe_account_id, lambda: client().v1.accounts.retrieve(stripe_account_id))
    )


def create_onboarding_link(stripe_account_id: str, *, return_url: str, refresh_url: str) -> OnboardingLink:
    """Create a link to Stripe's onboarding form, which asks for whatever is due.

    Raises: StripeAccountGone, StripeUnavailable.

    Source: https://docs.stripe.com/api/account_links
    """
    params: stripe.params.AccountLinkCreateParams = {
        "account": stripe_account_id,
        "type": "account_onboarding",
        "return_url": return_url,
        "refresh_url": refresh_url,
    }
    link = _call_about(stripe_account_id, lambda: client().v1.account_links.create(params))
    return OnboardingLink(url=link.url, expires_at=datetime.fromtimestamp(link.expires_at, UTC))


def create_dashboard_link(stripe_account_id: str) -> str:
    """Create a single-use link to the account's Express dashboard.

    Raises: StripeAccountGone, StripeUnavailable.
    """
    return _call_about(
        stripe_account_id, lambda: client().v1.accounts.login_links.create(stripe_account_id)
    ).url


def complete_in_sandbox(stripe_account_id: str) -> None:
    """Have the sandbox complete its onboarding form; the real Stripe has no such endpoint.

    Raises: StripeUnavailable.
    """
    _call(lambda: client().raw_request("post", f"/_sandbox/accounts/{stripe_account_id}/complete"))


def _create(params: stripe.params.AccountCreateParams, *, idempotency_key: str) -> stripe.Account:
    pauses = iter(IN_USE_PAUSES)
    while True:
        try:
            return call(lambda: client().v1.accounts.create(params, {"idempotency_key": idempotency_key}))
        except StripeCallFailed as error:
            pause = next(pauses, None) if error.failure.code == IN_USE else None
            if pause is None:
                raise
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 (spreads simultaneous clicks)


def _creation_error(error: StripeCallFailed, *, country: str) -> Exception:
    failure = error.failure
    if failure.param == "country":
        return CountryNotSupported(country)
    if failure.replayed or (failure.type == "idempotency_error" and failure.code != IN_USE):
        return CreationKeySpent(str(error), replayed=failure.replayed)
    return StripeUnavailable(str(error))


def _call_about(stripe_account_id: str, request: Callable[[], T]) -> T:
    try:
        return call(request)
    except StripeCallFailed as error:
        if error.failure.code in GONE:
            raise StripeAccountGone(stripe_account_id) from error
        raise StripeUnavailable(str(error)) from error


def _call(request: Callable[[], T]) -> T:
    try:
        return call(request)
    except StripeCallFailed as error:
        raise StripeUnavailable(str(error)) from error
