"""What a record in quarantine wants done, in words for staff."""

from earnings.models import QuarantinedRecord, Reason

CORRECTED_COPY = "It needs a corrected copy under the same id, from the system that issued it."
_OF_ANOTHER_CREATOR = (
    "It names a different creator from its charge, and a charge's creator never changes. " + CORRECTED_COPY
)
_REMEDIES = {
    Reason.CONFLICT: "Find out which of the two is right. If it is the one that counts, there is nothing to do; else "
    "have that one corrected by a refund, or by a charge under an id of its own.",
    Reason.CURRENCY_NOT_PAID: "It enters by itself once payouts are made in its currency (MINIMUM_PAYOUT).",
    Reason.TIME_IN_FUTURE: "It enters by itself at its time. If that is wrong, it needs a corrected copy.",
    Reason.API_UNKNOWN: "It enters by itself once its API is registered. If there is no such API, it needs a corrected "
    "copy.",
    Reason.OWNER_UNKNOWN: "It enters by itself once its API is registered with an owner.",
    Reason.OWNER_MISMATCH: "It enters by itself if its creator is registered as the API's owner at that time. If they "
    "weren't, it needs a corrected copy.",
    Reason.CHARGE_UNKNOWN: "It enters by itself once its charge is here and counts. If it names another charge, API or "
    "currency than it means, it needs a corrected copy.",
    Reason.EXCEEDS_CHARGE: "It enters by itself once that much of its charge is left. If its amount is wrong, it needs "
    "a corrected copy.",
}


def remedy(held: QuarantinedRecord) -> str:
    """Say what has to be done for a record that is open; nothing for one that is resolved."""
    if held.resolved_at is not None:
        return ""
    if held.reason == Reason.OWNER_MISMATCH and held.content.get("related_record_id"):
        return _OF_ANOTHER_CREATOR
    return _REMEDIES.get(Reason(held.reason), CORRECTED_COPY)
