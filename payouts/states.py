"""The states of a payout and of an attempt, and the one map of legal moves."""

from django.db import models


class PayoutStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    ON_HOLD = "on_hold", "On hold"
    PROCESSING = "processing", "Processing"
    UNRESOLVED = "unresolved", "Unresolved"
    IN_TRANSIT = "in_transit", "In transit"
    PAID = "paid", "Paid"
    RETURNED = "returned", "Returned"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    REVERSED = "reversed", "Reversed"


_S = PayoutStatus

# The states from which each state may be reached.
LEGAL: dict[PayoutStatus, frozenset[PayoutStatus]] = {
    _S.PENDING: frozenset([_S.ON_HOLD, _S.PROCESSING, _S.UNRESOLVED]),
    _S.ON_HOLD: frozenset([_S.PENDING]),
    _S.PROCESSING: frozenset([_S.PENDING]),
    _S.UNRESOLVED: frozenset([_S.PROCESSING]),
    _S.IN_TRANSIT: frozenset([_S.PROCESSING, _S.UNRESOLVED, _S.RETURNED]),
    _S.PAID: frozenset([_S.IN_TRANSIT]),
    _S.RETURNED: frozenset([_S.IN_TRANSIT, _S.PAID]),
    _S.FAILED: frozenset([_S.PROCESSING, _S.UNRESOLVED]),
    _S.CANCELLED: frozenset([_S.PENDING, _S.ON_HOLD]),
    # From paid only where Stripe pays the bank by its own schedule.
    _S.REVERSED: frozenset([_S.IN_TRANSIT, _S.RETURNED, _S.PAID]),
}
# The payout ended and the creator doesn't have the money: its rows are released.
DEAD = (_S.FAILED, _S.CANCELLED, _S.REVERSED)
# The creator waits for their money, and someone may have to act.
IN_TROUBLE = (_S.ON_HOLD, _S.UNRESOLVED, _S.RETURNED, _S.FAILED)
# Nothing more happens to these on its own.
FINISHED = (_S.PAID, *DEAD)
# The states in which staff may try each act; the act itself checks more. They can always sync with Stripe.
STAFF_ACTS = {
    "cancel": tuple(LEGAL[_S.CANCELLED]),
    "retry": DEAD,
    "reverse": (_S.IN_TRANSIT, _S.PAID, _S.RETURNED),
    "withdraw": (_S.RETURNED,),
    "settle": (_S.IN_TRANSIT, _S.RETURNED),
    "sync": tuple(PayoutStatus),
}
# A payout in one of these states blocks the creator's next one.
BLOCKS_THE_NEXT = (_S.PENDING, _S.ON_HOLD, _S.PROCESSING, _S.UNRESOLVED, _S.RETURNED)
# Nothing of these was sent, so after a while they no longer block the next one.
MAY_BE_OVERTAKEN = (_S.PENDING, _S.ON_HOLD)
WAITS_TO_BE_SENT = (_S.PENDING, _S.PROCESSING)
# The money has not left the platform's balance, as far as is known.
UNSENT = (_S.PENDING, _S.ON_HOLD, _S.PROCESSING, _S.UNRESOLVED)
# The money has left the platform's balance.
SENT = (_S.IN_TRANSIT, _S.PAID, _S.RETURNED)


# Stripe's statuses of a bank payout whose money came back.
ENDED_BADLY = frozenset(["failed", "canceled"])


class RunState(models.TextChoices):
    """How far a run has come; derived from its row, its pauses and its payouts."""

    BEING_MADE = "being_made", "Being made"
    WAITS = "waits", "Waits for staff"
    SENDING = "sending", "Sending"
    DONE = "done", "All sent"
    SUPERSEDED = "superseded", "Replaced by a later run"


class AttemptKind(models.TextChoices):
    TRANSFER = "transfer", "Transfer"
    BANK_PAYOUT = "bank_payout", "Bank payout"
    REVERSAL = "reversal", "Reversal"


class AttemptStatus(models.TextChoices):
    OPEN = "open", "Open"
    SUCCEEDED = "succeeded", "Succeeded"
    RETURNED = "returned", "Returned by the bank"
    REFUSED = "refused", "Refused"
    ABSENT = "absent", "Without effect"


class DecisionReason(models.TextChoices):
    """What a run decided for one creator and currency: the first blocker that applies, in this order.

    `paid` means that a payout was made; the payout's status is its outcome.
    """

    NO_MINIMUM_FOR_CURRENCY = "no_minimum_for_currency", "Currency is not paid out"
    NEGATIVE_BALANCE = "negative_balance", "Owes the platform"
    BELOW_MINIMUM = "below_minimum", "Below the minimum"
    BELOW_BANK_MINIMUM = "below_bank_minimum", "Below what a bank there accepts"
    ON_HOLD = "on_hold", "On hold"
    COUNTRY_NOT_SUPPORTED = "country_not_supported", "Country not supported by Stripe"
    NO_ACCOUNT = "no_account", "No Stripe account"
    ONBOARDING_INCOMPLETE = "onboarding_incomplete", "Onboarding incomplete"
    ACCOUNT_RESTRICTED = "account_restricted", "Stripe account restricted"
    PREVIOUS_PAYOUT_OPEN = "previous_payout_open", "Previous payout still open"
    BOOKS_DISAGREE = "books_disagree", "Ledger and earnings disagree"
    ERROR = "error", "Decision failed"
    PAID = "paid", "Payout made"
