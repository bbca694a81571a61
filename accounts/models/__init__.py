"""Staff users, creators and their changes, their Stripe accounts, and holds."""

from accounts.models.creators import EMAIL_MAX_LENGTH, Creator, CreatorChange, CreatorField
from accounts.models.holds import Hold, HoldSource
from accounts.models.payment_accounts import AccountStatus, CreatorPaymentAccount, information_due
from accounts.models.staff import User, can_sign

__all__ = [
    "EMAIL_MAX_LENGTH",
    "AccountStatus",
    "Creator",
    "CreatorChange",
    "CreatorField",
    "CreatorPaymentAccount",
    "Hold",
    "HoldSource",
    "User",
    "can_sign",
    "information_due",
]
