"""What staff should do about a quarantined record."""

from earnings.models import QuarantinedRecord, Reason

CORRECTED_COPY = "The system that issued it must send a corrected copy under the same id."
_OF_ANOTHER_CREATOR = (
    "It names a different creator than its charge, and a charge's creator never changes. " + CORRECTED_COPY
)
_REMEDIES = {
    Reason.CONFLICT: "Find out which of the two records is right. If it is the accepted one, do nothing. Otherwise, "
    "have the accepted one corrected with a refund, or with a charge under a new id.",
    Reason.CURRENCY_NOT_PAID: "It enters automatically once payouts are made in its currency (MINIMUM_PAYOUT).",
    Reason.TIME_IN_FUTURE: "It enters automatically when its time comes. If the time is wrong, it needs a corrected "
    "copy.",
    Reason.API_UNKNOWN: "It enters automatically once its API is registered. If there is no such API, it needs a "
    "corrected copy.",
    Reason.OWNER_UNKNOWN: "It enters automatically once its API is registered with an owner.",
    Reason.OWNER_MISMATCH: "It enters automatically once its creator is registered as the API's owner at that time. If "
    "they weren't the owner, it needs a corrected copy.",
    Reason.CHARGE_UNKNOWN: "It enters automatically once its charge is accepted. If it names the wrong charge, API or "
    "currency, it needs a corrected copy. If the charge will never come, it can be accepted as unlinked.",
    Reason.EXCEEDS_CHARGE: "It enters automatically once that much of its charge is left. If its amount is wrong, it "
    "needs a corrected copy.",
}


def remedy(record: QuarantinedRecord) -> str:
    """Return what to do about an open record; empty for a resolved one."""
    if record.resolved_at is not None:
        return ""
    if record.reason == Reason.OWNER_MISMATCH and record.content.get("related_record_id"):
        return _OF_ANOTHER_CREATOR
    return _REMEDIES.get(Reason(record.reason), CORRECTED_COPY)
