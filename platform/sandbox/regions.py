"""Which connected accounts a platform of each country can have, and can send money to.

Source: https://docs.stripe.com/connect/cross-border-payouts
"""

from sandbox.errors import InvalidRequest, StripeError

FULL, RECIPIENT = "full", "recipient"
BRAZIL = "BR"
# Platforms in any of these serve accounts in all of them, under the full agreement.
_EEA = (
    *(
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
    ),
    *("LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"),
)
REGION = frozenset({*_EEA, "CA", "CH", "GB", "US"})
# Platforms whose accounts elsewhere are recipients, if Stripe approves of it.
_RECIPIENTS_ELSEWHERE = frozenset({"US", "SG", "HK"})


def agreements(*, platform: str, country: str) -> frozenset[str]:
    """Return the agreements under which money can be sent to accounts in a country: none at all, or one."""
    if country == platform or {platform, country} <= REGION:
        return frozenset({FULL})
    if platform in _RECIPIENTS_ELSEWHERE and BRAZIL not in (platform, country):
        return frozenset({RECIPIENT})
    return frozenset()


def recipients_refused(*, platform: str, country: str) -> bool:
    """Whether Stripe refuses to open a recipient's account."""
    return RECIPIENT not in agreements(platform=platform, country=country)


def transfer_refusal(*, platform: str, country: str, agreement: str) -> StripeError | None:
    """Return why Stripe doesn't send money to an account, or None."""
    if BRAZIL in (platform, country):
        refusal = InvalidRequest(
            "For Transfers involving Brazil, the source_transaction parameter is mandatory"
        )
        refusal.code = "transfers_not_allowed"
        return refusal
    allowed = agreements(platform=platform, country=country)
    # Recipients inside the region are of a time when they were allowed there.
    if agreement in allowed or (agreement == RECIPIENT and {platform, country} <= REGION):
        return None
    if allowed:
        return InvalidRequest(
            f"Funds can't be sent to accounts located in {country} when the account is under the `{agreement}` "
            "service agreement. To learn more, see https://stripe.com/docs/connect/service-agreement-types."
        )
    return InvalidRequest(
        f"Funds can't be sent to accounts located in {country} because it's restricted outside of your platform's "
        "region. To learn more, see https://stripe.com/docs/connect/cross-border-payouts."
    )
