"""Accounts that Stripe's v2 API opened.

It answers only with the parts that a request asks for, and has no service agreement, no payout schedule, no bank
accounts and no links to the dashboard: those stay in the v1 API.

Source: https://docs.stripe.com/api/v2/core/accounts
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

from django.conf import settings
from stripe.params.v2.core import AccountCreateParams, AccountLinkCreateParams, EventListParams

from accounts.gateway import v1
from accounts.gateway.objects import OnboardingLink, Opening, StripeAccount
from accounts.gateway.v2_answers import account_of
from stripe_io.client import client
from stripe_io.values import moment

Part = Literal[
    "configuration.merchant",
    "configuration.recipient",
    "defaults",
    "future_requirements",
    "identity",
    "requirements",
]
# Source: https://docs.stripe.com/api-includable-response-values
INCLUDE: Final[tuple[Part, ...]] = get_args(Part)
CREATED = "v2.core.account.created"


def create(opening: Opening) -> StripeAccount:
    """Create an account with an Express dashboard that can receive transfers.

    A key that was sent before answers with the present state of the account that it made, for 30 days.
    """
    recipient = {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
    params: AccountCreateParams = {
        "dashboard": "express",
        "identity": {"country": opening.country.lower()},
        "defaults": {
            "responsibilities": {"fees_collector": "application", "losses_collector": "application"}
        },
        "configuration": {"recipient": recipient},  # type: ignore[typeddict-item]
        "metadata": opening.metadata,
        "include": [*INCLUDE],
    }
    if settings.STRIPE_REQUEST_CARD_PAYMENTS:
        params["configuration"]["merchant"] = {"capabilities": {"card_payments": {"requested": True}}}
    if opening.email:
        params["contact_email"] = opening.email
    if opening.business_type:
        params["identity"]["entity_type"] = opening.business_type
    made = client().v2.core.accounts.create(params, {"idempotency_key": opening.key})
    return account_of(made.to_dict())


def find(*, payment_account_id: UUID, key: str, since: datetime, until: datetime) -> StripeAccount | None:
    """Find the account that this key created, by the event that tells of it; Stripe keeps those for 30 days.

    v2's list of accounts is of no use: it has no filter by time, and may lack new accounts.

    Source: https://docs.stripe.com/api/v2/core/events/list
    """
    params: EventListParams = {
        "types": [CREATED],
        "created": {"gte": since.isoformat(), "lte": until.isoformat()},
        "limit": v1.LARGEST_PAGE,
    }
    events = client().v2.core.events.list(params)
    for event in events.auto_paging_iter():
        payload = event.to_dict()
        request = (payload.get("reason") or {}).get("request") or {}
        if request.get("idempotency_key") == key:
            return retrieve(payload["related_object"]["id"])
    return None


def retrieve(stripe_account_id: str) -> StripeAccount:
    """Retrieve an account and, once it is paid out, its bank account."""
    account = retrieve_standing(stripe_account_id)
    if account.payouts_enabled:
        return account_of(account.payload, in_v1=v1.payload_of(stripe_account_id))
    return account


def retrieve_standing(stripe_account_id: str) -> StripeAccount:
    """Retrieve an account without its bank account."""
    return account_of(
        client().v2.core.accounts.retrieve(stripe_account_id, {"include": [*INCLUDE]}).to_dict()
    )


def create_link(stripe_account_id: str, *, return_url: str, refresh_url: str) -> OnboardingLink:
    """Source: https://docs.stripe.com/api/v2/core/account-links"""
    configurations = ["recipient", "merchant"] if settings.STRIPE_REQUEST_CARD_PAYMENTS else ["recipient"]
    params: AccountLinkCreateParams = {
        "account": stripe_account_id,
        "use_case": {
            "type": "account_onboarding",
            "account_onboarding": {
                # Required by the API version that the client sends; later versions don't know it.
                "configurations": [*configurations],
                "return_url": return_url,
                "refresh_url": refresh_url,
                # With what is currently due alone, Stripe may not ask for the bank account.
                "collection_options": {"fields": "eventually_due", "future_requirements": "include"},
            },
        },
    }
    link = client().v2.core.account_links.create(params)
    expires_at = moment(link.to_dict()["expires_at"])
    assert expires_at is not None
    return OnboardingLink(url=link.url, expires_at=expires_at)


def account_of_event(event_id: str) -> str:
    """Retrieve the account that an event is about, where only its data names it.

    Source: https://docs.stripe.com/api/v2/core/events/retrieve
    """
    event = client().v2.core.events.retrieve(event_id).to_dict()
    return str((event.get("data") or {}).get("account_id") or "")
