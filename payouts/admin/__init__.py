"""Read-only pages of the tables of payouts."""

from payouts.admin import oversight, payouts

__all__ = ["oversight", "payouts"]
