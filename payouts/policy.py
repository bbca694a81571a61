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

# How long a worker has for one call before another takes the payout up.
LEASE = timedelta(minutes=1)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
# Who was turned away only because Stripe was busy is not put further and further back.
LONGEST_WAIT_FOR_A_TURN = timedelta(seconds=30)
# Stripe may forget a key after a day; from then on the same key could move the money again.
KEY_LIFETIME = timedelta(hours=24)
# A request may still be under way inside Stripe; only after this long does "not listed" mean "never happened".
ABSENCE_PROVED_AFTER = timedelta(hours=1)
UNRESOLVED_AFTER_SENDS = 12
WAIT_FOR_FUNDS = timedelta(minutes=10)
FUNDS_MISSING_AFTER = timedelta(days=7)
# How long Stripe is left alone after it has refused our key.
PROBE_KEY_AFTER = timedelta(minutes=5)
# How often a returned payout is looked at: is its bank account mended, is it time to take the money back?
LOOK_AT_RETURNED = timedelta(hours=1)
REVERSE_RETURNED_AFTER = timedelta(days=30)
REVERSE_AGAIN_AFTER = timedelta(days=7)
WAIT_FOR_ACCOUNT = timedelta(hours=1)
WAIT_FOR_PERSON = timedelta(hours=1)
CONFIRM_AFTER = timedelta(hours=6)


class Verdict(Enum):
    """What one send came to."""

    REFUSED = auto()  # proved: nothing moved, and nothing will under this key
    SHORT = auto()  # proved: nothing moved, for want of funds
    KEY_REFUSED = auto()  # this send did nothing, nor will any other while Stripe refuses our key
    NOT_DONE = auto()  # this send did nothing; it says nothing of earlier ones
    UNKNOWN = auto()


# These end an attempt.
PROVEN = (Verdict.REFUSED, Verdict.SHORT)

# The failure table. A verdict goes by the first line that fits:
#
#   in answer to any send                                 verdict
#   403 account_invalid                                   not done   (we lost this one account, not our key)
#   401, 403                                              key refused
#   429                                                   not done
#   anything, once the attempt is in doubt                unknown
#   400 balance_insufficient                              short
#   400 and a code that REFUSALS has for the leg          refused
#   400 resource_missing of a transfer's destination      refused
#   everything else, no answer included                   unknown
#
# So a new code of Stripe's, one for a mistake of ours in a parameter and a replayed 500 are unknown: looked up, and
# never taken for a failure.
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
            "bank_account_restricted",
            "bank_account_unusable",
            "bank_account_unverified",
            "debit_not_authorized",
            "no_account",
            "payouts_limit_exceeded",
            "payouts_not_allowed",
        ]
    ),
    # That the connected account has too little is `balance_insufficient`; no other code proves anything.
    AttemptKind.REVERSAL: frozenset(),
}


def verdict(failure: Failure, *, attempt: PayoutAttempt) -> Verdict:
    """Judge the answer to a send; an attempt in doubt can't be ended by an error, whatever its code."""
    if (before := _before_the_work(failure)) is not None:
        return before
    if attempt.in_doubt or failure.http_status != HTTPStatus.BAD_REQUEST:
        return Verdict.UNKNOWN
    if failure.code == "balance_insufficient":
        return Verdict.SHORT
    return Verdict.REFUSED if _is_refusal(failure, AttemptKind(attempt.kind)) else Verdict.UNKNOWN


def refuses_key(failure: Failure) -> bool:
    """Tell whether Stripe does not take our key, or not for this."""
    return _before_the_work(failure) == Verdict.KEY_REFUSED


def loses_account(failure: Failure) -> bool:
    """Tell whether Stripe says that this connected account is not ours to use, any more.

    Source: https://docs.stripe.com/error-codes#account-invalid
    """
    return failure.http_status == HTTPStatus.FORBIDDEN and failure.code == "account_invalid"


def _before_the_work(failure: Failure) -> Verdict | None:
    """Judge what comes before Stripe's idempotency layer, and so says nothing of any work."""
    if loses_account(failure):
        return Verdict.NOT_DONE
    match failure.http_status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return Verdict.KEY_REFUSED
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Verdict.NOT_DONE
    return None


def _is_refusal(failure: Failure, kind: AttemptKind) -> bool:
    if failure.code == "resource_missing":
        # Which of the things that a request names is missing, only `param` tells.
        return kind == AttemptKind.TRANSFER and failure.param == "destination"
    return failure.code in REFUSALS[kind]


def may_send_again(attempt: PayoutAttempt, *, now: datetime) -> bool:
    """Tell whether the attempt's key can still be sent; else only a look at Stripe can settle it."""
    return attempt.resendable and (
        attempt.first_sent_at is None or now - attempt.first_sent_at < KEY_LIFETIME - LEASE
    )


def next_try(attempt: PayoutAttempt, *, now: datetime) -> datetime:
    """Choose when to try again: exponential backoff with full jitter."""
    busy = attempt.http_status == HTTPStatus.TOO_MANY_REQUESTS
    cap = LONGEST_WAIT_FOR_A_TURN if busy else LONGEST_RETRY
    longest: timedelta = min(FIRST_RETRY * 2 ** min(max(attempt.sends - 1, 0), 20), cap)
    return now + timedelta(seconds=1) + longest * random.random()  # noqa: S311 (jitter, no secret)


def next_look(attempt: PayoutAttempt, *, now: datetime) -> datetime:
    """Choose when to look at Stripe again: after about as long again as has passed since the last send."""
    passed = now - attempt.last_sent_at if attempt.last_sent_at else FIRST_RETRY
    wait = min(max(passed, FIRST_RETRY), LONGEST_RETRY)
    return now + wait * random.uniform(0.5, 1.5)  # noqa: S311 (jitter, no secret)
