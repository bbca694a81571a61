"""What Stripe's refusals to open an account mean, and whose they are to mend."""

from __future__ import annotations

import re
from http import HTTPStatus

from accounts.errors import (
    AccountRefused,
    BusinessTypeRefused,
    CountryNotSupported,
    EmailRefused,
    OpeningRefused,
    PlatformNotReady,
)
from accounts.gateway.objects import Opening
from stripe_io.errors import Failure

_DASHBOARD = "https://dashboard.stripe.com"
_PROFILE = f"{_DASHBOARD}/settings/connect/platform-profile"
_KEYS = f"{_DASHBOARD}/apikeys"
_SUPPORT_PAGE = "https://support.stripe.com/contact"
# Codes about the platform's own set-up, and the page that mends it. Most refusals of v1 have no code.
# Source: https://docs.stripe.com/api/v2/core/accounts/create and
# https://docs.stripe.com/changelog/endive/2026-11-18/error-code-for-blocked-account-creation-requests
_PLATFORM_CODES = {
    "account_creation_liability_unacknowledged": _PROFILE,
    "accounts_v2_access_blocked": f"{_DASHBOARD}/settings/connect/platform-setup",
    "capability_not_available_without_other_capability": _SUPPORT_PAGE,
    "connect_profile_not_submitted": _PROFILE,
    "inactive_api_operation_confirmation_required": f"{_DASHBOARD}/connect",
    "non_connect_platform_accounts_v2_access_blocked": f"{_DASHBOARD}/connect",
    "platform_registration_required": f"{_DASHBOARD}/connect",
}
# A sentence that sends its reader to the platform's Dashboard is about the platform. Stripe's support may be named in
# one about a creator, too.
_PLATFORM_PAGE = re.compile(r"https://dashboard\.stripe\.com[^\s,]*")
_PLATFORM_WORDS = re.compile(
    r"\byour platform needs approval\b|\bin (?:the|your) (?:Stripe )?Dashboard\b", re.I
)
_COUNTRY_CODES = frozenset(["account_country_unsupported_currency", "capability_not_available_in_country"])
_COUNTRY_WORDS = re.compile(
    r"ToS agreement is not supported for platforms in|is not currently supported by Stripe"
    r"|capability for accounts in [A-Z]{2}\b"
)
_EMAIL_CODES = frozenset(["email_domain_invalid_for_recipient", "email_invalid"])
_BUSINESS_TYPE_WORDS = re.compile(r"supported business type")
_REFUSING = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


def is_refusal(failure: Failure) -> bool:
    """Check whether this answer proves that the request did nothing, and would do nothing if it were sent again."""
    return (
        failure.http_status in _REFUSING and failure.type == "invalid_request_error" and not failure.replayed
    )


def refusal_of(failure: Failure, opening: Opening) -> OpeningRefused:
    """Tell whose a refusal is: the platform's, if it stops everybody; the creator's; or unknown."""
    told = {"code": failure.code, "sentence": failure.message}
    field = re.split(r"[.\[\]]+", failure.param.rstrip("]"))[-1]
    if failure.code in _COUNTRY_CODES or field == "country" or _COUNTRY_WORDS.search(failure.message):
        return CountryNotSupported(opening.country, **told)
    if failure.code in _EMAIL_CODES or field in {"email", "contact_email"}:
        return EmailRefused(opening.email, **told)
    if field in {"business_type", "entity_type"} or _BUSINESS_TYPE_WORDS.search(failure.message):
        return BusinessTypeRefused(opening.business_type, country=opening.country, **told)
    return platform_refusal(failure)


def platform_refusal(failure: Failure) -> PlatformNotReady:
    """Read a refusal that no creator can do anything about."""
    told = {"code": failure.code, "sentence": failure.message}
    if failure.missing_permission:
        return PlatformNotReady(**told, page=_KEYS)
    if page := _PLATFORM_CODES.get(failure.code):
        return PlatformNotReady(**told, page=page)
    if named := _PLATFORM_PAGE.search(failure.message):
        return PlatformNotReady(**told, page=named[0].rstrip("."))
    if _PLATFORM_WORDS.search(failure.message):
        page = _SUPPORT_PAGE if _SUPPORT_PAGE in failure.message else f"{_DASHBOARD}/connect"
        return PlatformNotReady(**told, page=page)
    return AccountRefused(**told)
