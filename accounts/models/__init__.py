"""Staff users, creators and their changes, their Stripe accounts, and holds."""

from accounts.models.creators import EMAIL_MAX_LENGTH, Creator, CreatorChange, CreatorField
from accounts.models.holds import Hold, HoldSource
from accounts.models.payment_accounts import (
    DAILY,
    LAST_DIGITS,
    LONGEST_BANK,
    MANUAL,
    AccountStatus,
    CreatorPaymentAccount,
    Destination,
    StripeApi,
    information_due,
)
from accounts.models.refusals import MENDED_BY_STAFF, OpeningRefusal, RefusalCause
from accounts.models.staff import User, can_sign

__all__ = [
    "DAILY",
    "EMAIL_MAX_LENGTH",
    "LAST_DIGITS",
    "LONGEST_BANK",
    "MANUAL",
    "MENDED_BY_STAFF",
    "AccountStatus",
    "Creator",
    "CreatorChange",
    "CreatorField",
    "CreatorPaymentAccount",
    "Destination",
    "Hold",
    "HoldSource",
    "OpeningRefusal",
    "RefusalCause",
    "StripeApi",
    "User",
    "can_sign",
    "information_due",
]
