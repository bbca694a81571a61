"""Asking Stripe again for what it refused, so that staff see when they have mended it."""

from datetime import datetime

from accounts import selectors
from accounts.errors import StripeUnavailable
from accounts.services.onboarding import retry_onboarding
from database.refusals import Refusal

# Few enough to finish even if Stripe never answers; the rest are asked for the next time.
AT_ONCE = 10


def retry_refused(*, now: datetime) -> None:
    """Retry the onboarding of those that were refused an hour ago or earlier, longest ago first.

    One retry tells whether the platform's set-up is mended: while it isn't, the others aren't asked for.
    """
    for refusal in selectors.refusals_to_retry(now=now)[:AT_ONCE]:
        try:
            retry_onboarding(refusal.payment_account, now=now)
        except (Refusal, StripeUnavailable):
            continue  # recorded, or unknown; either way the next turn asks again
