"""Why Stripe refuses to open accounts or to make links for them, as switches turn them on.

Those of API v1 have no code. Sources: the messages as integrations report them, and
https://docs.stripe.com/api/v2/core/accounts
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from sandbox.errors import InvalidRequest, StripeError

_PROFILE = "https://dashboard.stripe.com/settings/connect/platform-profile"


@dataclass(frozen=True)
class Reason:
    """`message` may have places for `platform` and `country`; `about` limits it to accounts that ask for something."""

    message: str
    code: str | None = None
    about: str = ""
    status: int = HTTPStatus.BAD_REQUEST
    type: str = "invalid_request_error"

    def error(self, **places: str) -> StripeError:
        error = InvalidRequest(self.message.format(**places))
        error.code, error.status, error.type = self.code, self.status, self.type
        return error


TRANSFERS_ONLY, RECIPIENTS, CARD_PAYMENTS = "transfers only", "recipients", "card payments"

# `POST /v1/accounts`, in the order in which Stripe checks them.
OF_V1: Mapping[str, Reason] = {
    "accounts_v1_disabled": Reason(
        "Stripe no longer recommends Accounts v1 for new Connect integrations. Create connected accounts with POST "
        "/v2/core/accounts instead: https://docs.stripe.com/api/v2/core/accounts. Read more about Accounts v2: "
        "https://docs.stripe.com/connect/accounts-v2/account-creation. If your integration requires v1 account "
        "creation for a supported compatibility scenario, enable Accounts v1 support in the Dashboard: "
        "https://dashboard.stripe.com/settings/features/feat_accounts_v1_support. For agent-based integrations, use "
        "Stripe's current best-practices skill: npx skills add stripe/ai."
    ),
    "connect_not_signed_up": Reason(
        "You can only create new accounts if you've signed up for Connect, which you can do at "
        "https://dashboard.stripe.com/connect."
    ),
    "requirements_not_reviewed": Reason(
        f"Please review the responsibilities of collecting requirements for connected accounts at {_PROFILE}."
    ),
    "losses_not_reviewed": Reason(
        f"Please review the responsibilities of managing losses for connected accounts at {_PROFILE}."
    ),
    # Source: https://docs.stripe.com/changelog/endive/2026-11-18/error-code-for-blocked-account-creation-requests
    "creation_inactive": Reason(
        "Account creation has been inactive on your platform. Confirm in the Dashboard that you want to create "
        "accounts.",
        code="inactive_api_operation_confirmation_required",
    ),
    "transfers_not_approved": Reason(
        "Your platform needs approval for accounts to have requested the `transfers` capability without the "
        "`card_payments` capability. If you would like to request transfers without card_payments, please contact us "
        "via https://support.stripe.com/contact.",
        about=TRANSFERS_ONLY,
    ),
    "recipients_not_supported": Reason(
        "The recipient ToS agreement is not supported for platforms in {platform} creating accounts in {country}. See "
        "https://stripe.com/docs/connect/cross-border-payouts for more details.",
        about=RECIPIENTS,
    ),
    "country_not_supported": Reason("{country} is not currently supported by Stripe"),
    "card_payments_not_in_country": Reason(
        "You cannot request the `card_payments` capability for accounts in {country}", about=CARD_PAYMENTS
    ),
    "express_without_responsibility": Reason(
        "When stripe_dashboard[type]=express, your platform must collect fees and be liable for negative balances."
    ),
}

# `POST /v2/core/accounts`: the name is the code.
OF_V2: Mapping[str, Reason] = {
    name: Reason(message, code=name, about=about)
    for name, message, about in (
        ("platform_registration_required", "Your platform has to be registered for Connect first.", ""),
        ("connect_profile_not_submitted", "Your platform's Connect profile has not been submitted.", ""),
        (
            "account_creation_liability_unacknowledged",
            f"Your platform has to acknowledge its liability for negative balances at {_PROFILE}.",
            "",
        ),
        ("accounts_v2_access_blocked", "Accounts v2 is not enabled for your platform.", ""),
        (
            "non_connect_platform_accounts_v2_access_blocked",
            "Accounts v2 is not enabled for accounts that aren't Connect platforms.",
            "",
        ),
        (
            "account_controller_stripe_pricing_platform_liable",
            "Platforms that are liable for losses can't leave the pricing to Stripe.",
            "",
        ),
        (
            "capability_not_available_without_other_capability",
            "The stripe_transfers capability is not available without card_payments.",
            TRANSFERS_ONLY,
        ),
        (
            "capability_not_available_in_country",
            "stripe_transfers is not available in country {country}",
            "",
        ),
        ("account_country_unsupported_currency", "This currency is not supported in {country}.", ""),
        ("email_domain_invalid_for_recipient", "The domain of `contact_email` is not valid.", ""),
        ("person_token_required", "Persons must be sent by token for platforms in {platform}.", ""),
        ("url_invalid", "URL must be a publicly accessible https URL.", ""),
        ("invalid_fields", "Some fields are invalid.", ""),
    )
} | {
    "account_rate_limit_exceeded": Reason(
        "You have created too many accounts. Please try again later.",
        code="account_rate_limit_exceeded",
        status=HTTPStatus.TOO_MANY_REQUESTS,
        type="rate_limit",
    )
}

# Account links of both APIs.
OF_LINKS: Mapping[str, Reason] = {
    "account_not_connected": Reason(
        "You requested an account link for an account that is not connected to your platform or does not exist"
    ),
    "branding_missing": Reason(
        "Your platform's name, icon and colour have to be set before onboarding can be hosted: "
        "https://dashboard.stripe.com/settings/connect."
    ),
}

NAMES = (*OF_V1, *OF_V2, *OF_LINKS)
