"""What Stripe's answers mean for money. Any answer not listed here is unknown.

Source: https://docs.stripe.com/error-codes, https://docs.stripe.com/api/idempotent_requests
"""

import random
from datetime import datetime, timedelta
from enum import Enum, auto
from http import HTTPStatus

from payouts.models import PayoutAttempt
from payouts.states import AttemptKind
from stripe_io.errors import Failure

# How long a worker may take for one call before another worker takes over the payout.
LEASE = timedelta(minutes=1)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
# A rate-limited payout isn't backed off further: the limit isn't its fault.
LONGEST_WAIT_FOR_A_TURN = timedelta(seconds=30)
# Stripe may forget an idempotency key after a day. From then on, the same key could move the money again.
KEY_LIFETIME = timedelta(hours=24)
# A request may still be in progress at Stripe. Only after this long does "not listed" mean "never happened".
ABSENCE_PROVED_AFTER = timedelta(hours=1)
UNRESOLVED_AFTER_SENDS = 12
WAIT_FOR_FUNDS = timedelta(minutes=10)
FUNDS_MISSING_AFTER = timedelta(days=7)
# How long to wait before testing a refused API key again.
PROBE_KEY_AFTER = timedelta(minutes=5)
# How often to check a returned payout: is its bank account fixed, is it time to reverse the transfer?
LOOK_AT_RETURNED = timedelta(hours=1)
REVERSE_RETURNED_AFTER = timedelta(days=30)
REVERSE_AGAIN_AFTER = timedelta(days=7)
WAIT_FOR_ACCOUNT = timedelta(hours=1)
WAIT_FOR_PERSON = timedelta(hours=1)
CONFIRM_AFTER = timedelta(hours=6)


class Verdict(Enum):
    """What Stripe's answer to one send proves."""

    REFUSED = auto()  # proven: nothing moved, and nothing will under this idempotency key
    SHORT = auto()  # proven: nothing moved, for lack of funds
    KEY_REFUSED = auto()  # this send did nothing, and none will while Stripe refuses our API key
    NOT_DONE = auto()  # this send did nothing, but earlier ones may have
    UNKNOWN = auto()


# These end an attempt.
PROVEN = (Verdict.REFUSED, Verdict.SHORT)

# The failure table. The first matching line decides:
#
#   answer to any send                                    verdict
#   403 account_invalid                                   not done   (we lost this one account, not our API key)
#   401, 403                                              key refused
#   429                                                   not done
#   anything, once the attempt is in doubt                unknown
#   400 balance_insufficient                              short
#   400 and a code in REFUSALS for the leg                refused
#   400 resource_missing of a transfer's destination      refused
#   everything else, including no answer                  unknown
#
# So a new Stripe code, a parameter we got wrong and a replayed 500 are all unknown: we look them up, and never treat
# them as failures.
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
    # A connected account with too little money is `balance_insufficient`; no other code proves anything.
    AttemptKind.REVERSAL: frozenset(),
}


def verdict(failure: Failure, *, attempt: PayoutAttempt) -> Verdict:
    """Interpret the answer to a send. No error code can end an attempt that is in doubt."""
    if (rejected := _rejected_early(failure)) is not None:
        return rejected
    if attempt.in_doubt or failure.http_status != HTTPStatus.BAD_REQUEST:
        return Verdict.UNKNOWN
    if failure.code == "balance_insufficient":
        return Verdict.SHORT
    return Verdict.REFUSED if _is_refusal(failure, AttemptKind(attempt.kind)) else Verdict.UNKNOWN


def refuses_key(failure: Failure) -> bool:
    """Return whether Stripe refuses our API key, or doesn't allow it to do this."""
    return _rejected_early(failure) == Verdict.KEY_REFUSED


def loses_account(failure: Failure) -> bool:
    """Return whether Stripe says that we can't use this connected account, or no longer can.

    Source: https://docs.stripe.com/error-codes#account-invalid
    """
    return failure.http_status == HTTPStatus.FORBIDDEN and failure.code == "account_invalid"


def _rejected_early(failure: Failure) -> Verdict | None:
    """Interpret an error raised before Stripe's idempotency layer: it says nothing about earlier sends."""
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
        # Only `param` says which of the request's objects is missing.
        return kind == AttemptKind.TRANSFER and failure.param == "destination"
    return failure.code in REFUSALS[kind]


def may_send_again(attempt: PayoutAttempt, *, now: datetime) -> bool:
    """Return whether the attempt's key may still be sent. If not, only a look-up can settle the attempt."""
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
    """Choose when to look it up again: wait about as long as has passed since the last send."""
    passed = now - attempt.last_sent_at if attempt.last_sent_at else FIRST_RETRY
    wait = min(max(passed, FIRST_RETRY), LONGEST_RETRY)
    return now + wait * random.uniform(0.5, 1.5)  # noqa: S311 (jitter, no secret)
