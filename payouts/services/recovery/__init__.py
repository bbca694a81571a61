"""Recovery: after a backup was restored, take over what the lost database had Stripe do."""

from payouts.services.recovery.looking import Found, look
from payouts.services.recovery.recovering import preview, recover
from payouts.services.recovery.report import Report

__all__ = ["Found", "Report", "look", "preview", "recover"]
