"""What we tell creators about payouts. Each sentence says what to do, and never whose decision it was."""

from typing import NamedTuple

from payouts.states import DecisionReason, PayoutStatus

_S = PayoutStatus
_STATES: dict[str, str] = {
    _S.PENDING: "The payout has been created and is waiting to be sent.",
    _S.ON_HOLD: "The payout is on hold. The money stays reserved for you.",
    _S.PROCESSING: "The payout is being sent to your Stripe account.",
    _S.UNRESOLVED: "Stripe hasn't confirmed the transfer yet. We keep checking, and never send it twice.",
    _S.IN_TRANSIT: "The money has reached your Stripe account and is on its way to your bank.",
    _S.PAID: "The money has been paid to your bank.",
    _S.RETURNED: "Your bank didn't accept the money. It is in your Stripe account.",
    _S.FAILED: "The payout couldn't be sent. A later payout will include its earnings.",
    _S.CANCELLED: "The payout was cancelled. A later payout will include its earnings.",
    _S.REVERSED: "The transfer was reversed. A later payout will include its earnings.",
}
# For states whose meaning depends on the state before.
_MOVES: dict[tuple[str, str], str] = {
    (_S.ON_HOLD, _S.PENDING): "The payout is no longer on hold and is waiting to be sent.",
    (_S.PROCESSING, _S.PENDING): "The payout couldn't be sent yet. We'll try again.",
    (_S.UNRESOLVED, _S.PENDING): "The payout wasn't sent after all. We'll try again.",
    (_S.RETURNED, _S.IN_TRANSIT): "The money is on its way to your bank again.",
}

_NEXT_TIME = "A later payout will include it."
_OTHER_BANK_ACCOUNT = "Please add a different bank account in your Stripe dashboard."
_CHECK_BANK_DETAILS = "Please check your bank details in your Stripe dashboard."
_ASK_YOUR_BANK = "Please ask your bank, or add a different bank account in your Stripe dashboard."
_CHECK_ACCOUNT = "Please open your Stripe dashboard and follow Stripe's instructions."
_OURS = "You don't need to do anything. We are working on it."
# Source: https://docs.stripe.com/api/payouts/failures, https://docs.stripe.com/error-codes
_FAILURES = {
    "account_closed": f"The account this money should go to is closed. {_OTHER_BANK_ACCOUNT}",
    "account_frozen": f"Your bank account is frozen. {_ASK_YOUR_BANK}",
    "account_gone": "Your Stripe account is no longer connected to us. Please start onboarding with Stripe again.",
    "account_not_payable": f"Stripe doesn't let us pay your account right now. {_CHECK_ACCOUNT}",
    "amount_too_large": f"Stripe doesn't send this amount at once. {_OURS}",
    "amount_too_small": f"The amount is below the minimum in your bank's country. {_NEXT_TIME}",
    "balance_insufficient": f"The money isn't available to send yet. {_OURS}",
    "bank_account_restricted": f"Your bank account doesn't accept this kind of payment. {_ASK_YOUR_BANK}",
    "bank_account_unusable": f"Your bank account can't be used. {_OTHER_BANK_ACCOUNT}",
    "bank_account_unverified": f"Your bank account hasn't been verified yet. {_CHECK_ACCOUNT}",
    "bank_ownership_changed": f"Your bank account has a new owner. {_OTHER_BANK_ACCOUNT}",
    "could_not_process": f"Your bank couldn't process the payment. {_CHECK_BANK_DETAILS}",
    "debit_not_authorized": f"Your bank doesn't allow this kind of payment. {_ASK_YOUR_BANK}",
    "declined": f"Your bank declined the payment. {_ASK_YOUR_BANK}",
    "expired_card": f"Your debit card has expired. {_OTHER_BANK_ACCOUNT}",
    "incorrect_account_address": f"The address doesn't match your bank's records. {_CHECK_BANK_DETAILS}",
    "incorrect_account_holder_address": f"The address doesn't match your bank's records. {_CHECK_BANK_DETAILS}",
    "incorrect_account_holder_name": f"The name doesn't match your bank's records. {_CHECK_BANK_DETAILS}",
    "incorrect_account_holder_tax_id": f"The tax ID doesn't match your bank's records. {_CHECK_BANK_DETAILS}",
    "incorrect_account_type": f"The type of your bank account is wrong. {_CHECK_BANK_DETAILS}",
    "insufficient_capabilities_for_transfer": f"Your Stripe account can't receive transfers yet. {_CHECK_ACCOUNT}",
    "insufficient_funds": f"The money isn't available to send yet. {_OURS}",
    "invalid_account_number": f"Your bank account number is wrong. {_CHECK_BANK_DETAILS}",
    "invalid_account_number_length": f"Your bank account number is incomplete. {_CHECK_BANK_DETAILS}",
    "invalid_currency": f"Your bank account doesn't accept this currency. {_OTHER_BANK_ACCOUNT}",
    "no_bank_account_in_currency": (
        "Your Stripe account has no bank account in this payout's currency. "
        "Please add one in your Stripe dashboard."
    ),
    "no_account": f"This account no longer exists. {_CHECK_BANK_DETAILS}",
    "payouts_limit_exceeded": f"Stripe's limit for payouts is reached for today. {_OURS}",
    "payouts_not_allowed": f"Stripe doesn't allow payouts from your account right now. {_CHECK_ACCOUNT}",
    "resource_missing": "Your Stripe account is no longer connected to us. Please start onboarding with Stripe again.",
    "reversed": f"The payment was taken back from your bank. {_OURS}",
    "transfers_not_allowed": f"Stripe doesn't allow transfers to your account. {_CHECK_ACCOUNT}",
    "unsupported_card": f"Your debit card doesn't accept this kind of payment. {_OTHER_BANK_ACCOUNT}",
}
_OTHER_FAILURE = (
    "Stripe or your bank didn't accept the payment. "
    f"{_CHECK_ACCOUNT} If there are none, please contact support."
)


class Blocker(NamedTuple):
    """Why no payout is made, and what the creator can do about it."""

    code: str
    message: str
    action: str


ACCOUNT_DISABLED = "account_disabled"
ACCOUNT_GONE = "account_gone"
COOLING_DOWN = "cooling_down"
DESTINATION_REFUSED = "destination_refused"
_R = DecisionReason
_BLOCKERS: dict[str, tuple[str, str]] = {
    _R.NO_MINIMUM_FOR_CURRENCY: ("We don't make payouts in this currency.", "Please contact support."),
    _R.NEGATIVE_BALANCE: (
        "Since your last payout, refunds have exceeded your earnings.",
        "You don't need to do anything. New earnings will make up for it.",
    ),
    _R.BELOW_MINIMUM: (
        "Your balance is below the minimum payout.",
        "You don't need to do anything. Your earnings add up until they reach the minimum.",
    ),
    _R.BELOW_BANK_MINIMUM: (
        "Your balance is below the smallest amount that can be paid to a bank in your country.",
        "You don't need to do anything. Your earnings add up until they reach it.",
    ),
    _R.ON_HOLD: ("Your payouts are on hold.", "Please contact support. We keep your earnings for you."),
    DESTINATION_REFUSED: (
        "Several payouts in a row were refused or returned.",
        "Please add a different bank account in your Stripe dashboard, or contact support once yours accepts payouts.",
    ),
    COOLING_DOWN: (
        "Your Stripe account or its bank account has changed. We wait a while before paying to the new one.",
        "If you made the change, you don't need to do anything. If you didn't, please contact support immediately.",
    ),
    _R.COUNTRY_NOT_SUPPORTED: (
        "Stripe doesn't offer accounts in your country.",
        "If you do business in another country, onboard there; if not, contact support. We keep your earnings.",
    ),
    _R.NO_ACCOUNT: ("You don't have a Stripe account yet.", "Start onboarding with Stripe."),
    _R.ONBOARDING_INCOMPLETE: (
        "Your onboarding with Stripe isn't complete.",
        "Continue onboarding. If you have entered everything, Stripe is still reviewing it.",
    ),
    _R.ACCOUNT_RESTRICTED: ("Stripe has restricted your account.", _CHECK_ACCOUNT),
    ACCOUNT_DISABLED: ("Stripe has disabled your account.", "Please contact support."),
    ACCOUNT_GONE: (
        "Your Stripe account was closed or is no longer connected to us.",
        "Start onboarding with Stripe again. We keep your earnings for you.",
    ),
    _R.PREVIOUS_PAYOUT_OPEN: (
        "Your previous payout isn't finished.",
        "Open that payout. If it was returned, it says what to do; otherwise please wait.",
    ),
    _R.BOOKS_DISAGREE: ("We are checking your balance.", _OURS),
}
BLOCKER_CODES = tuple(str(code) for code in _BLOCKERS)


def explain_move(from_status: str, to_status: str) -> str:
    """Explain a payout's move to another state; `from_status` is empty when it is created."""
    return _MOVES.get((from_status, to_status), _STATES[to_status])


def explain_failure(failure_code: str) -> str:
    """Explain a failure and what to do about it; empty if there is none."""
    return _FAILURES.get(failure_code, _OTHER_FAILURE) if failure_code else ""


def explain_blocker(code: str) -> Blocker:
    return Blocker(code, *_BLOCKERS[code])
