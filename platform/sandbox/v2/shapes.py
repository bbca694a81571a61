"""Which accounts API v2 opens: what goes together, and the codes of what doesn't.

Source: https://docs.stripe.com/api/v2/core/accounts/create
"""

from sandbox.countries import DEFAULT_CURRENCY
from sandbox.errors import JsonObject
from sandbox.v2.errors import Refusal
from sandbox.v2.records import CARD_PAYMENTS, CUSTOMER, MERCHANT, RECIPIENT, STRIPE_TRANSFERS

ENTITY_TYPES = ("individual", "company", "government_entity", "non_profit")
FEES_COLLECTORS = ("application", "application_custom", "application_express", "stripe")

# What v1 calls an account with a dashboard of v2.
V1_TYPES = {"express": "express", "full": "standard", "none": "none"}


def check(params: JsonObject) -> None:
    """Refuse an account that Stripe wouldn't open anywhere."""
    country = params.get("identity", {}).get("country")
    if not country:
        raise Refusal(
            "identity_country_required",
            "`identity.country` is required to create this account.",
            param="identity.country",
        )
    if country.upper() not in DEFAULT_CURRENCY:
        raise Refusal(
            "capability_not_available_in_country",
            f"{STRIPE_TRANSFERS} is not available in country {country.upper()}",
            param="identity.country",
        )
    email = params.get("contact_email")
    if email is not None and "@" not in email:
        raise Refusal("email_invalid", f"Invalid email address: {email}", param="contact_email")
    responsibilities = params.get("defaults", {}).get("responsibilities", {})
    if params.get("dashboard") == "express" and set(responsibilities.values()) != {"application"}:
        raise Refusal(
            "account_controller_express_dash_without_application_losses_or_fees",
            "If `dashboard` is `express`, `fees_collector` must be `application` and `losses_collector` must be "
            "`application`.",
            param="defaults.responsibilities",
        )


def configurations(before: list[str], configured: JsonObject) -> list[str]:
    """Return which configurations apply: one that is given does, unless `applied` is false."""
    applied = {name for name in before if configured.get(name, {}).get("applied") is not False}
    applied |= {name for name, given in configured.items() if given.get("applied") is not False}
    return [name for name in (CUSTOMER, MERCHANT, RECIPIENT) if name in applied]


def requested(before: JsonObject, configured: JsonObject, applied: list[str]) -> JsonObject:
    """Return the account's capabilities as v1 calls them, after requests for them.

    A configuration that no longer applies takes its capabilities away.
    """
    wanted = {
        "transfers": _request(configured.get(RECIPIENT, {}), "stripe_balance", STRIPE_TRANSFERS),
        "card_payments": _request(configured.get(MERCHANT, {}), CARD_PAYMENTS),
    }
    owners = {"transfers": RECIPIENT, "card_payments": MERCHANT}
    capabilities = dict(before)
    for name, request in wanted.items():
        if request:
            capabilities.setdefault(name, "inactive")
        if request is False or owners[name] not in applied:
            capabilities.pop(name, None)
    return capabilities


def _request(configuration: JsonObject, *path: str) -> bool | None:
    capability = configuration.get("capabilities", {})
    for name in path:
        capability = capability.get(name, {})
    requested: bool | None = capability.get("requested")
    return requested
