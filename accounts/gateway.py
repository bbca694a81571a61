"""Every Stripe call about connected accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import stripe

from accounts.errors import StripeAccountGone, StripeUnavailable
from stripe_io.client import call, client
from stripe_io.errors import StripeCallFailed

T = TypeVar("T")
# What Stripe calls an account that was deleted, or that took our access away.
# Source: https://docs.stripe.com/error-codes#account-invalid
GONE = frozenset(["account_invalid", "resource_missing"])


@dataclass(frozen=True, slots=True)
class StripeAccount:
    """A connected account as Stripe describes it now; `said` is the whole of it."""

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
    said: dict[str, Any]

    @classmethod
    def of(cls, account: stripe.Account) -> StripeAccount:
        said = account.to_dict()
        return cls(
            id=said["id"],
            country=said.get("country") or "",
            default_currency=(said.get("default_currency") or "").upper(),
            business_type=said.get("business_type") or "",
            service_agreement=(said.get("tos_acceptance") or {}).get("service_agreement") or "full",
            details_submitted=bool(said.get("details_submitted")),
            charges_enabled=bool(said.get("charges_enabled")),
            payouts_enabled=bool(said.get("payouts_enabled")),
            capabilities=said.get("capabilities") or {},
            requirements=said.get("requirements") or {},
            said=said,
        )

    @property
    def transfers_active(self) -> bool:
        return self.capabilities.get("transfers") == "active"

    @property
    def rejected(self) -> bool:
        return str(self.requirements.get("disabled_reason") or "").startswith("rejected.")

    @property
    def information_due(self) -> bool:
        return bool(self.requirements.get("currently_due") or self.requirements.get("past_due"))


def create_account(
    *, idempotency_key: str, creator_id: str, email: str, country: str, service_agreement: str
) -> StripeAccount:
    """Make an Express account that can receive transfers, on a manual payout schedule.

    Raises: StripeUnavailable.

    Source: https://docs.stripe.com/connect/service-agreement-types
    """
    params: stripe.params.AccountCreateParams = {
        "type": "express",
        "country": country,
        "capabilities": {"transfers": {"requested": True}},
        "tos_acceptance": {"service_agreement": service_agreement},
        "settings": {"payouts": {"schedule": {"interval": "manual"}}},
        "metadata": {"creator_id": creator_id},
    }
    if email:
        params["email"] = email
    made = _asked(lambda: client().v1.accounts.create(params, {"idempotency_key": idempotency_key}))
    return StripeAccount.of(made)


def retrieve_account(stripe_account_id: str) -> StripeAccount:
    """Ask Stripe for an account's present state.

    Raises: StripeAccountGone, StripeUnavailable.
    """
    try:
        return StripeAccount.of(_asked(lambda: client().v1.accounts.retrieve(stripe_account_id)))
    except StripeUnavailable as error:
        cause = error.__cause__
        if isinstance(cause, StripeCallFailed) and cause.failure.code in GONE:
            raise StripeAccountGone(stripe_account_id) from error
        raise


def complete_in_sandbox(stripe_account_id: str) -> None:
    """Have the sandbox fill in its onboarding form; the real Stripe has no such address.

    Raises: StripeUnavailable.
    """
    _asked(lambda: client().raw_request("post", f"/_sandbox/accounts/{stripe_account_id}/complete"))


def _asked(request: Callable[[], T]) -> T:
    try:
        return call(request)
    except StripeCallFailed as error:
        raise StripeUnavailable(str(error)) from error
