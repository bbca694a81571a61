"""Accounts that Stripe's v1 API opened.

Source: https://docs.stripe.com/api/accounts
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import stripe
from django.conf import settings

from accounts.gateway.objects import ExternalAccount, OnboardingLink, Opening, StripeAccount
from accounts.models import MANUAL, information_due
from stripe_io.client import client, list_all

LARGEST_PAGE = 100


def create(opening: Opening) -> StripeAccount:
    """Create an Express account that can receive transfers.

    Its payout schedule is manual, unless BANK_PAYOUTS_BY_STRIPE is set. The full service agreement is Stripe's default.

    Source: https://docs.stripe.com/connect/service-agreement-types
    """
    params: stripe.params.AccountCreateParams = {
        "type": "express",
        "country": opening.country,
        "capabilities": {"transfers": {"requested": True}},
        "metadata": opening.metadata,
    }
    if opening.service_agreement == "recipient":
        params["tos_acceptance"] = {"service_agreement": "recipient"}
    elif settings.STRIPE_REQUEST_CARD_PAYMENTS:
        params["capabilities"]["card_payments"] = {"requested": True}
    if not settings.BANK_PAYOUTS_BY_STRIPE:
        params["settings"] = {"payouts": {"schedule": {"interval": MANUAL}}}
    if opening.email:
        params["email"] = opening.email
    if opening.business_type:
        params["business_type"] = opening.business_type
    return account_of(client().v1.accounts.create(params, {"idempotency_key": opening.key}).to_dict())


def find(*, payment_account_id: UUID, key: str, since: datetime, until: datetime) -> StripeAccount | None:
    """Find the account that was created for one of our rows, among all accounts created in that time."""
    params: stripe.params.AccountListParams = {
        "created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())},
        "limit": LARGEST_PAGE,
    }
    accounts: Iterator[dict[str, Any]] = list_all(lambda: client().v1.accounts.list(params))
    for payload in accounts:
        if (payload.get("metadata") or {}).get("payment_account_id") == str(payment_account_id):
            return account_of(payload)
    return None


def retrieve(stripe_account_id: str) -> StripeAccount:
    return account_of(payload_of(stripe_account_id))


def retrieve_standing(stripe_account_id: str) -> StripeAccount:
    return retrieve(stripe_account_id)


def payload_of(stripe_account_id: str) -> dict[str, Any]:
    """Retrieve an account in its v1 form, which accounts of v2 have too.

    Source: https://docs.stripe.com/connect/accounts-v2/account-creation
    """
    return client().v1.accounts.retrieve(stripe_account_id).to_dict()


def create_link(stripe_account_id: str, *, return_url: str, refresh_url: str) -> OnboardingLink:
    """Source: https://docs.stripe.com/api/account_links"""
    link = client().v1.account_links.create(
        {
            "account": stripe_account_id,
            "type": "account_onboarding",
            "return_url": return_url,
            "refresh_url": refresh_url,
        }
    )
    return OnboardingLink(url=link.url, expires_at=datetime.fromtimestamp(link.expires_at, UTC))


def account_of(payload: dict[str, Any]) -> StripeAccount:
    """Read the answer to a request about an account.

    Source: https://docs.stripe.com/connect/handling-api-verification
    """
    requirements: dict[str, Any] = payload.get("requirements") or {}
    capabilities: dict[str, str] = payload.get("capabilities") or {}
    submitted = bool(payload.get("details_submitted"))
    due = information_due(requirements)
    reason = str(requirements.get("disabled_reason") or "")
    # Source: https://docs.stripe.com/api/accounts/object#account_object-requirements-disabled_reason
    stopped = reason not in {"", "requirements.pending_verification"}
    payouts = (payload.get("settings") or {}).get("payouts") or {}
    return StripeAccount(
        id=payload["id"],
        country=payload.get("country") or "",
        default_currency=(payload.get("default_currency") or "").upper(),
        business_type=payload.get("business_type") or "",
        service_agreement=(payload.get("tos_acceptance") or {}).get("service_agreement") or "full",
        submitted=submitted,
        charges_enabled=bool(payload.get("charges_enabled")),
        payouts_enabled=bool(payload.get("payouts_enabled")),
        transfers_active=capabilities.get("transfers") == "active",
        rejected=reason.startswith("rejected."),
        awaits_holder=due or not submitted,
        information_due=due,
        verifying=not due and not stopped,
        capabilities=capabilities,
        requirements=requirements,
        future_requirements=payload.get("future_requirements") or {},
        external_account=ExternalAccount.paid_by(payload),
        schedule=(payouts.get("schedule") or {}).get("interval") or "",
        payload=payload,
    )
