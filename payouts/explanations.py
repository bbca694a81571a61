"""What creators are told of payouts: our own sentences, which say what to do, and never whose decision it was."""

from typing import NamedTuple

from payouts.states import DecisionReason, PayoutStatus

_S = PayoutStatus
_STATES: dict[str, str] = {
    _S.PENDING: "The payout has been created and is waiting to be sent.",
    _S.ON_HOLD: "The payout is on hold. Its money stays reserved for you.",
    _S.PROCESSING: "The payout is being sent to your Stripe account.",
    _S.UNRESOLVED: "Stripe has not confirmed the transfer yet. We keep asking; it is never sent twice.",
    _S.IN_TRANSIT: "The money has reached your Stripe account and goes on to your bank.",
    _S.PAID: "The money has been paid to your bank.",
    _S.RETURNED: "Your bank did not take the money. It is in your Stripe account.",
    _S.FAILED: "The payout could not be sent. Its earnings go into a later payout.",
    _S.CANCELLED: "The payout was cancelled. Its earnings go into a later payout.",
    _S.REVERSED: "The transfer was taken back. Its earnings go into a later payout.",
}
# Where it matters from where a state was reached.
_MOVES: dict[tuple[str, str], str] = {
    (_S.ON_HOLD, _S.PENDING): "The payout is no longer on hold and waits to be sent.",
    (_S.PROCESSING, _S.PENDING): "The payout could not be sent yet. We try again.",
    (_S.UNRESOLVED, _S.PENDING): "The payout had not been sent after all. We try again.",
    (_S.RETURNED, _S.IN_TRANSIT): "The money is on its way to your bank again.",
}

_NEXT_TIME = "What it would have paid goes into a later payout."
_OTHER_BANK_ACCOUNT = "Please add another bank account in your Stripe dashboard."
_CHECK_BANK_DETAILS = "Please check your bank details in your Stripe dashboard."
_ASK_YOUR_BANK = "Please ask your bank, or add another bank account in your Stripe dashboard."
_CHECK_ACCOUNT = "Please open your Stripe dashboard and do what Stripe asks of you there."
_OURS = "You don't need to do anything: we are taking care of it."
# Source: https://docs.stripe.com/api/payouts/failures, https://docs.stripe.com/error-codes
_FAILURES = {
    "account_closed": f"The account that the money should go to is closed. {_OTHER_BANK_ACCOUNT}",
    "account_frozen": f"Your bank account is frozen. {_ASK_YOUR_BANK}",
    "account_gone": "Your Stripe account is no longer connected to us. Please start the onboarding with Stripe again.",
    "account_not_payable": f"Stripe does not let us pay your account at present. {_CHECK_ACCOUNT}",
    "amount_too_large": f"The amount is above a limit of your Stripe account. {_OURS}",
    "amount_too_small": f"The amount is below what your bank's country allows. {_NEXT_TIME}",
    "balance_insufficient": f"The money is not available to be sent yet. {_OURS}",
    "bank_account_restricted": f"Your bank account takes no such payments. {_ASK_YOUR_BANK}",
    "bank_account_unusable": f"Your bank account can't be used. {_OTHER_BANK_ACCOUNT}",
    "bank_account_unverified": f"Your bank account still has to be verified. {_CHECK_ACCOUNT}",
    "bank_ownership_changed": f"Your bank account has a new owner. {_OTHER_BANK_ACCOUNT}",
    "could_not_process": f"Your bank could not process the payment. {_CHECK_BANK_DETAILS}",
    "debit_not_authorized": f"Your bank does not allow this kind of payment. {_ASK_YOUR_BANK}",
    "declined": f"Your bank declined the payment. {_ASK_YOUR_BANK}",
    "expired_card": f"Your debit card has expired. {_OTHER_BANK_ACCOUNT}",
    "incorrect_account_address": f"The address differs from the one that your bank has. {_CHECK_BANK_DETAILS}",
    "incorrect_account_holder_address": f"The address differs from the one that your bank has. {_CHECK_BANK_DETAILS}",
    "incorrect_account_holder_name": f"The name differs from the one that your bank has. {_CHECK_BANK_DETAILS}",
    "incorrect_account_holder_tax_id": f"The tax id differs from the one that your bank has. {_CHECK_BANK_DETAILS}",
    "incorrect_account_type": f"The kind of bank account is not the one given. {_CHECK_BANK_DETAILS}",
    "insufficient_capabilities_for_transfer": f"Your Stripe account can't receive transfers yet. {_CHECK_ACCOUNT}",
    "insufficient_funds": f"The money is not available to be sent yet. {_OURS}",
    "invalid_account_number": f"Your bank account's number is wrong. {_CHECK_BANK_DETAILS}",
    "invalid_account_number_length": f"Your bank account's number is incomplete. {_CHECK_BANK_DETAILS}",
    "invalid_currency": f"Your bank account does not take this currency. {_OTHER_BANK_ACCOUNT}",
    "no_account": f"There is no such account any more. {_CHECK_BANK_DETAILS}",
    "payouts_limit_exceeded": f"The amount is above a limit of your Stripe account. {_OURS}",
    "payouts_not_allowed": f"Stripe does not let your account pay out at present. {_CHECK_ACCOUNT}",
    "resource_missing": "Your Stripe account is not connected to us any more. Please go through onboarding again.",
    "transfers_not_allowed": f"Stripe does not let your account receive transfers. {_CHECK_ACCOUNT}",
    "unsupported_card": f"Your debit card takes no such payments. {_OTHER_BANK_ACCOUNT}",
}
_OTHER_FAILURE = (
    "Stripe or your bank did not take the payment. "
    f"{_CHECK_ACCOUNT} If it asks nothing, please contact support."
)


class Blocker(NamedTuple):
    """Something that keeps a payout from being made, and what the creator can do about it."""

    code: str
    message: str
    action: str


ACCOUNT_DISABLED = "account_disabled"
ACCOUNT_GONE = "account_gone"
COOLING_DOWN = "cooling_down"
DESTINATION_REFUSED = "destination_refused"
_R = DecisionReason
_BLOCKERS: dict[str, tuple[str, str]] = {
    _R.NO_MINIMUM_FOR_CURRENCY: ("We make no payouts in this currency.", "Please contact support."),
    _R.NEGATIVE_BALANCE: (
        "More was taken back by refunds than you earned since your last payout.",
        "You don't need to do anything: new earnings make up for it.",
    ),
    _R.BELOW_MINIMUM: (
        "Your balance is below the smallest amount that we pay.",
        "You don't need to do anything: earnings add up until the minimum is reached.",
    ),
    _R.ON_HOLD: ("Your payouts are on hold.", "Please contact support. Your earnings are kept for you."),
    DESTINATION_REFUSED: (
        "Several payouts in a row were refused or came back from your bank.",
        "Please add another bank account in your Stripe dashboard, or contact support once yours takes payouts again.",
    ),
    COOLING_DOWN: (
        "Your Stripe account or its bank account was changed. We wait for a while before we pay to the new one.",
        "If you changed it yourself, you don't need to do anything. If not, please contact support at once.",
    ),
    _R.COUNTRY_NOT_SUPPORTED: (
        "Stripe opens no accounts in your country.",
        "Onboard with another country if you do business there, or contact support. Your earnings are kept for you.",
    ),
    _R.NO_ACCOUNT: ("You have no Stripe account to be paid to.", "Start the onboarding with Stripe."),
    _R.ONBOARDING_INCOMPLETE: (
        "Your onboarding with Stripe is not complete.",
        "Continue the onboarding; if you have entered everything, Stripe is still checking it.",
    ),
    _R.ACCOUNT_RESTRICTED: ("Stripe has restricted your account.", _CHECK_ACCOUNT),
    ACCOUNT_DISABLED: ("Stripe has closed your account to payments.", "Please contact support."),
    ACCOUNT_GONE: (
        "Your Stripe account was closed, or is no longer connected to us.",
        "Start the onboarding with Stripe anew. Your earnings are kept for you.",
    ),
    _R.PREVIOUS_PAYOUT_OPEN: (
        "Your previous payout is not finished.",
        "Look at that payout: if it came back from your bank, it says what to do; else please wait.",
    ),
    _R.BOOKS_DISAGREE: ("We are checking your balance.", _OURS),
}
BLOCKER_CODES = tuple(str(code) for code in _BLOCKERS)


def explain_move(from_status: str, to_status: str) -> str:
    """Say what a move of a payout means; `from_status` is empty for its making."""
    return _MOVES.get((from_status, to_status), _STATES[to_status])


def explain_failure(failure_code: str) -> str:
    """Say what a failure means and what to do; nothing for no failure."""
    return _FAILURES.get(failure_code, _OTHER_FAILURE) if failure_code else ""


def explain_blocker(code: str) -> Blocker:
    return Blocker(code, *_BLOCKERS[code])
