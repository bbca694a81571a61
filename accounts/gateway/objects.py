"""Stripe's answers about connected accounts, in one form for both of its APIs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import LAST_DIGITS, LONGEST_BANK


@dataclass(frozen=True, slots=True)
class ExternalAccount:
    """A bank account or debit card. Its fingerprint stays the same when it is added again elsewhere.

    `bank` is the bank's name, or a card's brand; `last4` the end of the account's or the card's number.
    """

    id: str
    fingerprint: str
    bank: str = ""
    last4: str = ""

    @classmethod
    def paid_by(cls, account: dict[str, Any]) -> ExternalAccount | None:
        """Find where an account is paid out to, preferring the default of the account's own currency.

        Only the v1 API has it, for accounts of both.

        Source: https://docs.stripe.com/api/external_account_bank_accounts/object and
        https://docs.stripe.com/api/external_account_cards/object
        """
        destinations = (account.get("external_accounts") or {}).get("data") or []
        defaults = [item for item in destinations if item.get("default_for_currency")]
        own = [item for item in defaults if item.get("currency") == account.get("default_currency")]
        for item in (*own, *defaults, *destinations):
            return cls(
                id=item["id"],
                fingerprint=item.get("fingerprint") or "",
                bank=(item.get("bank_name") or item.get("brand") or "")[:LONGEST_BANK],
                last4=(item.get("last4") or "")[:LAST_DIGITS],
            )
        return None


@dataclass(frozen=True, slots=True)
class StripeAccount:
    """A connected account as Stripe describes it now; `payload` is the complete object.

    `submitted` is whether the holder completed Stripe's form; None if the API doesn't say, as v2. `awaits_holder`:
    Stripe needs something from the holder, or will. `information_due`: now, or by a deadline. `verifying`: Stripe
    only has to verify what it was given. `requirements` and `future_requirements` have the names of v1.
    `schedule` is when Stripe pays out by itself, such as `manual` or `daily`; empty if the answer doesn't say.
    """

    id: str
    country: str
    default_currency: str
    business_type: str
    service_agreement: str
    submitted: bool | None
    charges_enabled: bool
    payouts_enabled: bool
    transfers_active: bool
    rejected: bool
    awaits_holder: bool
    information_due: bool
    verifying: bool
    capabilities: dict[str, str]
    requirements: dict[str, Any]
    future_requirements: dict[str, Any]
    external_account: ExternalAccount | None
    schedule: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Opening:
    """All that an account is opened with, the same each time that the key is sent."""

    key: str
    payment_account_id: UUID
    creator_id: str
    email: str
    country: str
    business_type: str
    service_agreement: str

    @property
    def metadata(self) -> dict[str, str]:
        return {"creator_id": self.creator_id, "payment_account_id": str(self.payment_account_id)}


@dataclass(frozen=True, slots=True)
class OnboardingLink:
    """A single-use link to Stripe that expires."""

    url: str
    expires_at: datetime
