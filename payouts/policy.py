"""What an answer from Stripe means for money: one place, and what isn't listed here is unknown.

Source: https://docs.stripe.com/error-codes, https://docs.stripe.com/api/idempotent_requests
"""

import random
from datetime import datetime, timedelta
from enum import Enum, auto
from http import HTTPStatus

from payouts.models import PayoutAttempt
from payouts.states import AttemptKind
from stripe_io.errors import Failure

# How long a worker has for one call before the sweep takes the payout up again.
LEASE = timedelta(minutes=1)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
# Stripe may forget a key after a day; from then on the same key could move the money again.
KEY_LIFETIME = timedelta(hours=24)
# A request may still be under way inside Stripe; only after this long does "not listed" mean "never happened".
ABSENCE_PROVED_AFTER = timedelta(hours=1)
UNRESOLVED_AFTER_SENDS = 12
WAIT_FOR_FUNDS = timedelta(minutes=10)
FUNDS_MISSING_AFTER = timedelta(days=7)
WAIT_FOR_ACCOUNT = timedelta(hours=1)
CONFIRM_AFTER = timedelta(hours=6)


class Verdict(Enum):
    """What one send came to."""

    REFUSED = auto()  # proved: nothing moved, and nothing will under this key
    SHORT = auto()  # proved: nothing moved, for want of funds
    NOT_DONE = auto()  # this send did nothing; it says nothing of earlier ones
    UNKNOWN = auto()


REFUSALS = {
    AttemptKind.TRANSFER: frozenset(
        [
            "account_closed",
            "amount_too_large",
            "amount_too_small",
            "insufficient_capabilities_for_transfer",
            "no_account",
            "transfers_not_allowed",
        ]
    ),
    AttemptKind.BANK_PAYOUT: frozenset(
        [
            "account_closed",
            "amount_too_large",
            "amount_too_small",
            "bank_account_unusable",
            "no_account",
            "payout_limit_exceeded",
            "payouts_not_allowed",
        ]
    ),
}
# These come before Stripe's idempotency layer.
_BEFORE_THE_WORK = frozenset([HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS])


def verdict(failure: Failure, *, attempt: PayoutAttempt) -> Verdict:
    """Judge the answer to a send; an attempt in doubt can't be ended by an error, whatever its code."""
    if failure.http_status in _BEFORE_THE_WORK:
        return Verdict.NOT_DONE
    if attempt.in_doubt or failure.http_status != HTTPStatus.BAD_REQUEST:
        return Verdict.UNKNOWN
    if failure.code == "balance_insufficient":
        return Verdict.SHORT
    return Verdict.REFUSED if failure.code in REFUSALS[AttemptKind(attempt.kind)] else Verdict.UNKNOWN


def may_send_again(attempt: PayoutAttempt, *, now: datetime) -> bool:
    """Tell whether the attempt's key can still be sent; else only a look at Stripe can settle it."""
    return attempt.resendable and (
        attempt.first_sent_at is None or now - attempt.first_sent_at < KEY_LIFETIME - LEASE
    )


def next_try(attempt: PayoutAttempt, *, now: datetime) -> datetime:
    """Choose when to try again: exponential backoff with full jitter."""
    longest: timedelta = min(FIRST_RETRY * 2 ** min(max(attempt.sends - 1, 0), 20), LONGEST_RETRY)
    return now + timedelta(seconds=1) + longest * random.random()  # noqa: S311 (jitter, no secret)


def next_look(attempt: PayoutAttempt, *, now: datetime) -> datetime:
    """Choose when to look at Stripe again: after about as long again as has passed since the last send."""
    passed = now - attempt.last_sent_at if attempt.last_sent_at else FIRST_RETRY
    wait = min(max(passed, FIRST_RETRY), LONGEST_RETRY)
    return now + wait * random.uniform(0.5, 1.5)  # noqa: S311 (jitter, no secret)
