"""Recording acts: every service that carries one out writes a row in the same transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import models

from database.models import RecordedAct
from database.staff import SYSTEM, Act, is_same_person


class Kind(models.TextChoices):
    """What was done. Not stored as choices, so that a new kind needs no migration."""

    HOLD = "hold", "Held creator"
    RELEASE = "release", "Released creator"
    CANCEL_PAYOUT = "cancel_payout", "Cancelled payout"
    RETRY_PAYOUT = "retry_payout", "Retried payout"
    REVERSE_PAYOUT = "reverse_payout", "Reversed payout"
    WITHDRAW_REVERSAL = "withdraw_reversal", "Withdrew reversal"
    SETTLE_PAYOUT = "settle_payout", "Settled payout"
    SYNC_PAYOUT = "sync_payout", "Synced payout"
    SYNC_ACCOUNT = "sync_account", "Synced Stripe account"
    END_COOL_DOWN = "end_cool_down", "Ended cool-down"
    TRY_AGAIN = "try_again", "Lifted hold on destination"
    ASK_AGAIN = "ask_again", "Asked Stripe again for what it refused"
    REPLACE_ACCOUNT = "replace_account", "Replaced Stripe account"
    PROPOSE_ADJUSTMENT = "propose_adjustment", "Proposed adjustment"
    PROPOSE_WRITE_OFF = "propose_write_off", "Proposed write-off"
    APPROVE_ADJUSTMENT = "approve_adjustment", "Approved adjustment"
    DECLINE_ADJUSTMENT = "decline_adjustment", "Declined adjustment"
    PROPOSE_PLACEMENT = "propose_placement", "Proposed placement"
    APPROVE_PLACEMENT = "approve_placement", "Approved placement"
    DECLINE_PLACEMENT = "decline_placement", "Declined placement"
    SET_COMMISSION = "set_commission", "Set commission rate"
    END_COMMISSION = "end_commission", "Ended commission rate"
    PAUSE_SENDING = "pause_sending", "Paused sending"
    RESUME_SENDING = "resume_sending", "Resumed sending"
    RELEASE_RUN = "release_run", "Released run"
    RECOVER = "recover", "Recovered from Stripe"
    IGNORE_INSTALLATION = "ignore_installation", "Ignored installation"
    HEED_INSTALLATION = "heed_installation", "No longer ignored installation"
    REPLAY_EVENT = "replay_event", "Replayed Stripe event"
    OWN_DIFFERENCE = "own_difference", "Took on difference"
    RESOLVE_DIFFERENCE = "resolve_difference", "Resolved difference"
    RETRY_BATCH = "retry_batch", "Retried batch"
    QUARANTINE_BATCH = "quarantine_batch", "Quarantined batch"
    RETRY_QUARANTINE = "retry_quarantine", "Retried quarantined record"
    ACCEPT_UNLINKED = "accept_unlinked", "Accepted record as unlinked"
    ADD_SOURCE = "add_source", "Registered billing source"
    ISSUE_TOKEN = "issue_token", "Signed API token"
    ASSIGN_API = "assign_api", "Assigned API to source"
    EDIT_CREATOR = "edit_creator", "Changed creator's details"
    ADD_NOTE = "add_note", "Added note"
    EXPORT = "export", "Exported"
    VIEW_AS_CREATOR = "view_as_creator", "Viewed what the creator sees"
    LOG_IN = "log_in", "Logged in"
    FAIL_LOG_IN = "fail_log_in", "Failed to log in"
    LOG_OUT = "log_out", "Logged out"
    ADD_USER = "add_user", "Added user"
    CHANGE_USER = "change_user", "Changed user"
    CHANGE_PASSWORD = "change_password", "Changed password"
    CHANGE_SCHEDULE = "change_schedule", "Changed schedule"


def by_same_person(signature: str, recorded: RecordedAct | None, act: Act) -> bool:
    """Check whether an act is by whoever signed something earlier: the same user, whatever the signatures say."""
    same_user = recorded is not None and recorded.user_id is not None and recorded.user_id == act.user_id
    return same_user or is_same_person(signature, act.actor)


def record(
    act: Act,
    kind: Kind,
    *,
    subject: models.Model | None = None,
    creator: UUID | None = None,
    payout: UUID | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> RecordedAct | None:
    """Record an act in the caller's transaction. What the service does by itself isn't recorded: its events tell it.

    `before` and `after` are what the act changed, as JSON; see RecordedAct for what they must not hold.
    """
    if act.actor == SYSTEM:
        return None
    return RecordedAct.objects.create(
        user_id=act.user_id,
        actor=act.actor,
        via=act.via,
        kind=kind,
        subject_table=subject._meta.db_table if subject else "",
        subject_id=str(subject.pk) if subject else "",
        creator_id=creator,
        payout_id=payout,
        reason=act.reason,
        before=before or {},
        after=after or {},
        address=act.address or None,
        request_id=act.request_id,
    )
