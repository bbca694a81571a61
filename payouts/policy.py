"""What Stripe's answers mean for money. Any answer not listed here is unknown.

Source: https://docs.stripe.com/error-codes, https://docs.stripe.com/api/idempotent_requests
"""

import random
import re
from datetime import datetime, timedelta
from enum import Enum, auto
from http import HTTPStatus

from payouts.models import PayoutAttempt
from stripe_io import errors
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
FIRST_RETRY_AFTER_ABSENCE = timedelta(hours=1)
WAIT_FOR_FUNDS = timedelta(minutes=10)
LONGEST_WAIT_FOR_FUNDS = timedelta(hours=6)
FUNDS_MISSING_AFTER = timedelta(days=7)
# How long to wait before testing a refused API key again.
PROBE_KEY_AFTER = timedelta(minutes=5)
# How often to check a returned payout: is its bank account fixed, is it time to reverse the transfer?
LOOK_AT_RETURNED = timedelta(hours=1)
# When a bank payout that Stripe refused is sent again, counted from the refusal; after the last one it is taken back.
SEND_AGAIN_AFTER = (timedelta(days=1), timedelta(days=2), timedelta(days=4), timedelta(days=8))
# When a payout that failed is decided again, counted from the first failure, if its cause can pass.
RETRY_AFTER = (timedelta(days=1), timedelta(days=2), timedelta(days=4), timedelta(days=8))
# The next run pays it soon enough.
NO_RETRY_BEFORE_RUN = timedelta(days=2)
# Refusals of a transfer whose cause can pass: the creator gives Stripe what it asks for, or Stripe ends its review.
# `refused` has no code: "The account has fields needed", "This account requires further intervention". Any other code
# is a cause that stays, or one that nobody has seen yet; then the next run pays, or staff retry.
# Source: https://docs.stripe.com/error-codes, https://docs.stripe.com/connect/handling-api-verification
CAN_PASS = frozenset(["insufficient_capabilities_for_transfer", "refused", "transfers_not_allowed"])
REVERSE_RETURNED_AFTER = timedelta(days=30)
REVERSE_AGAIN_AFTER = timedelta(days=7)
# After so many refusals of the whole, a reversal is for staff.
REVERSALS_UNASKED = 4
# How much less of a converted transfer is asked back after each refusal, in basis points.
LESS_BACK_BPS = 100
# Source: https://docs.stripe.com/connect/pending-transfer-reversals
PENDING_REVERSAL_ENDS_AFTER = timedelta(days=45)
WAIT_FOR_ACCOUNT = timedelta(hours=1)
WAIT_FOR_PERSON = timedelta(hours=1)
# How long to wait with a payout while Stripe doesn't say how its account is.
WAIT_FOR_ANSWER = timedelta(minutes=10)
# For so long after a change of bank account, the account is read from Stripe before each payout to it.
BANK_ACCOUNT_IS_NEW_FOR = timedelta(days=7)
CONFIRM_AFTER = timedelta(hours=6)
# What arrived on a connected account may be known only moments after the transfer.
FIRST_LOOK_AT_ARRIVAL = timedelta(seconds=10)
LONGEST_LOOK_AT_ARRIVAL = timedelta(hours=1)
ARRIVAL_MISSING_AFTER = timedelta(days=1)
# A payout at which our own code failed is tried again ever later, and is for staff after a day.
FIRST_RETRY_AFTER_ERROR = timedelta(minutes=1)
LONGEST_RETRY_AFTER_ERROR = timedelta(hours=6)
STUCK_AFTER = timedelta(days=1)


# Stripe's sentences that often come without a code, and the code that we keep for them.
_CODES = (
    (re.compile("Amount must be no less than"), "amount_too_small"),
    (re.compile("Amount must be no more than"), "amount_too_large"),
    (re.compile("external accounts in that currency"), "no_bank_account_in_currency"),
)


class Verdict(Enum):
    """What Stripe's answer to one send proves."""

    REFUSED = auto()  # proven: nothing moved, and nothing will under this idempotency key
    SHORT = auto()  # proven: nothing moved, for lack of funds
    KEY_REFUSED = auto()  # this send did nothing, and none will while Stripe refuses our API key
    NOT_DONE = auto()  # this send did nothing, but earlier ones may have
    UNKNOWN = auto()


_REFUSING = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
# These end an attempt.
PROVEN = (Verdict.REFUSED, Verdict.SHORT)

# The failure table. The first matching line decides:
#
#   answer to any send                                    verdict
#   401; 403 that names a missing permission              key refused
#   not sent, as the key is refused or another platform's key refused
#   not sent, as the key's account isn't known yet        not done
#   429                                                   not done
#   anything, once the attempt is in doubt                unknown
#   400, 403 or 404 invalid_request_error, no replay:
#       with code balance_insufficient                    short
#       with any other code, or none                      refused
#   everything else, including no answer                  unknown
#
# So the first answer under a key decides: Stripe refuses with many codes, and often with a sentence and no code.


def verdict(failure: Failure, *, attempt: PayoutAttempt) -> Verdict:
    """Interpret the answer to a send. No error can end an attempt that is in doubt."""
    if (rejected := _rejected_early(failure)) is not None:
        return rejected
    if attempt.in_doubt or not _did_nothing(failure):
        return Verdict.UNKNOWN
    return Verdict.SHORT if failure.code == "balance_insufficient" else Verdict.REFUSED


def code_of(failure: Failure) -> str:
    """Return Stripe's code, or what its sentence says; empty if neither is known."""
    if failure.code:
        return failure.code
    return next((code for sentence, code in _CODES if sentence.search(failure.message)), "")


def refuses_key(failure: Failure) -> bool:
    """Return whether Stripe refuses our API key, or doesn't allow it to do this."""
    return _rejected_early(failure) == Verdict.KEY_REFUSED


def shows_another_sender(failure: Failure, *, attempt: PayoutAttempt) -> bool:
    """Return whether Stripe knows the key of an attempt that was sent for the first time, with other parameters.

    Source: https://docs.stripe.com/api/idempotent_requests
    """
    return (
        failure.http_status == HTTPStatus.BAD_REQUEST
        and failure.type == "idempotency_error"
        and attempt.sends == 1
    )


def loses_account(failure: Failure) -> bool:
    """Return whether Stripe says that we can't use this connected account, or no longer can.

    Source: https://docs.stripe.com/error-codes#account-invalid
    """
    return failure.http_status == HTTPStatus.FORBIDDEN and failure.code == "account_invalid"


def _rejected_early(failure: Failure) -> Verdict | None:
    """Interpret an error raised before Stripe's idempotency layer: it says nothing about earlier sends.

    A 403 is about our API key only if it names a permission that the key lacks; any other is about an account.
    """
    match failure.type:
        case errors.KEY_REFUSED:
            return Verdict.KEY_REFUSED
        case errors.KEY_UNVERIFIED:
            return Verdict.NOT_DONE
    match failure.http_status:
        case HTTPStatus.UNAUTHORIZED:
            return Verdict.KEY_REFUSED
        case HTTPStatus.FORBIDDEN if failure.missing_permission:
            return Verdict.KEY_REFUSED
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Verdict.NOT_DONE
    return None


def _did_nothing(failure: Failure) -> bool:
    """Return whether this first-hand answer proves that Stripe moved nothing.

    A replayed answer, and an idempotency_error, are about an earlier send.
    """
    return (
        failure.http_status in _REFUSING and failure.type == "invalid_request_error" and not failure.replayed
    )


def may_send_again(attempt: PayoutAttempt, *, now: datetime) -> bool:
    """Return whether the attempt's key may still be sent. If not, only a look-up can settle the attempt."""
    return attempt.resendable and key_lives(attempt, now=now)


def key_lives(attempt: PayoutAttempt, *, now: datetime) -> bool:
    """Return whether Stripe still knows what the attempt's key did, and would only repeat it."""
    return attempt.first_sent_at is None or now - attempt.first_sent_at < KEY_LIFETIME - LEASE


def next_try(attempt: PayoutAttempt, *, now: datetime) -> datetime:
    """Choose when to try again: exponential backoff with full jitter."""
    busy = attempt.http_status == HTTPStatus.TOO_MANY_REQUESTS
    cap = LONGEST_WAIT_FOR_A_TURN if busy else LONGEST_RETRY
    longest: timedelta = min(FIRST_RETRY * 2 ** min(max(attempt.sends - 1, 0), 20), cap)
    return now + timedelta(seconds=1) + longest * random.random()  # noqa: S311 (jitter, no secret)


def next_look(attempt: PayoutAttempt, *, now: datetime) -> datetime:
    """Choose when to look it up again: wait about as long as has passed since the last send.

    What Stripe has, and keeps pending, is looked up like a bank payout.
    """
    if attempt.stripe_id:
        return now + CONFIRM_AFTER
    passed = now - attempt.last_sent_at if attempt.last_sent_at else FIRST_RETRY
    wait = min(max(passed, FIRST_RETRY), LONGEST_RETRY)
    return now + wait * random.uniform(0.5, 1.5)  # noqa: S311 (jitter, no secret)


def next_look_at_arrival(sent_at: datetime, *, now: datetime) -> datetime:
    """Choose when to ask again what a transfer brought: after as long again as it has been unknown."""
    return now + min(max(now - sent_at, FIRST_LOOK_AT_ARRIVAL), LONGEST_LOOK_AT_ARRIVAL)


def next_try_for_funds(tries: int, *, now: datetime) -> datetime:
    """Choose when to try again what had too little money, so that a week adds few attempts."""
    wait: timedelta = min(WAIT_FOR_FUNDS * 2 ** min(tries - 1, 10), LONGEST_WAIT_FOR_FUNDS)
    return now + wait


def next_try_after_absence(absences: int, *, now: datetime) -> datetime:
    """Choose when to try under a new key what never arrived, after so many earlier ones, to keep histories short."""
    return now + FIRST_RETRY_AFTER_ABSENCE * 2 ** min(absences - 1, 10) if absences else now


def retry_at(failure_code: str, *, first_failed_at: datetime, now: datetime) -> datetime | None:
    """Choose when to decide a failed payout again; None if its cause stays, or once all days have passed."""
    days = (first_failed_at + after for after in RETRY_AFTER)
    return next((day for day in days if day > now), None) if failure_code in CAN_PASS else None


def next_try_after_error(errors: int, *, now: datetime) -> datetime:
    wait: timedelta = min(FIRST_RETRY_AFTER_ERROR * 2 ** min(errors - 1, 10), LONGEST_RETRY_AFTER_ERROR)
    return now + wait
