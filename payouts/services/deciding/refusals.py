"""The brake on refusals: if Stripe refuses many creators alike, the cause is probably the platform's, not theirs."""

import re
from datetime import datetime

from django.db.models import Max, QuerySet

from payouts.models import PauseCause, Payout, PayoutAttempt, SendingPause
from payouts.services.deciding import pauses
from payouts.states import AttemptKind, AttemptStatus, PayoutStatus

# New payouts stop when this many different creators are refused alike in a row.
IN_A_ROW = 10
# They also stop when this many payouts of a run, and one in this many of all its payouts, are refused alike.
FEWEST_OF_A_RUN = 10
ONE_IN = 5
_IDS = re.compile(r"\b[a-z]+_\w+|\d+")


def pause_after_refusals(payout: Payout, *, now: datetime) -> None:
    """Stop sending new payouts if Stripe refused this one like many others; a success in between resets the row.

    What was refused before staff last resumed doesn't count again. Retries that the service makes by itself don't
    count, nor does a lack of funds.
    """
    reason = _reason(payout.failure_code, payout.failure_message)
    since = _last_resumed()
    if _refused_in_a_row(reason, since=since):
        found = f"Stripe refused {IN_A_ROW} creators in a row"
    elif refused := _refused_of_its_run(payout, reason, since=since):
        found = f"Stripe refused {refused} payouts of the {payout.run}"
    else:
        return
    pauses.open_pause(
        PauseCause.REFUSALS,
        detail=f"{found}: {payout.failure_message}",
        refusal=reason,
        probe_at=now,
        now=now,
    )


def refused_alike(pause: SendingPause) -> list[Payout]:
    """List the failed payouts behind a pause after refusals that have no retry yet, oldest first."""
    earlier = SendingPause.objects.filter(cause=PauseCause.REFUSALS, lifted_at__lt=pause.started_at)
    failed = _failed_since(earlier.aggregate(at=Max("lifted_at"))["at"]).filter(retried_as=None)
    if pause.lifted_at:
        failed = failed.filter(first_failed_at__lte=pause.lifted_at)
    return [
        payout
        for payout in failed.order_by("pk")
        if _reason(payout.failure_code, payout.failure_message) == pause.refusal
    ]


def _refused_in_a_row(reason: str, *, since: datetime | None) -> bool:
    answered = PayoutAttempt.objects.filter(
        kind=AttemptKind.TRANSFER,
        status__in=(AttemptStatus.SUCCEEDED, AttemptStatus.REFUSED),
        payout__retry_number=0,
    ).exclude(error_code="balance_insufficient", status=AttemptStatus.REFUSED)
    if since is not None:
        answered = answered.filter(ended_at__gt=since)
    row = list(answered.order_by("-ended_at").select_related("payout")[:IN_A_ROW])
    refused_alike = all(
        attempt.status == AttemptStatus.REFUSED
        and _reason(attempt.payout.failure_code, attempt.payout.failure_message) == reason
        for attempt in row
    )
    return refused_alike and len({attempt.payout.creator_id for attempt in row}) == IN_A_ROW


def _refused_of_its_run(payout: Payout, reason: str, *, since: datetime | None) -> int:
    """Count the payouts of the run that were refused alike, if they are enough to pause."""
    failed = _failed_since(since).filter(run=payout.run_id)
    if failed.count() < FEWEST_OF_A_RUN:
        return 0
    refused = sum(
        _reason(*texts) == reason for texts in failed.values_list("failure_code", "failure_message")
    )
    enough = max(FEWEST_OF_A_RUN, Payout.objects.filter(run=payout.run_id, retry_of=None).count() / ONE_IN)
    return refused if refused >= enough else 0


def _failed_since(since: datetime | None) -> QuerySet[Payout]:
    failed = Payout.objects.filter(status=PayoutStatus.FAILED, retry_number=0)
    return failed.filter(first_failed_at__gt=since) if since else failed


def _last_resumed() -> datetime | None:
    resumed = SendingPause.objects.filter(cause=PauseCause.REFUSALS).aggregate(at=Max("lifted_at"))
    last: datetime | None = resumed["at"]
    return last


def _reason(code: str, message: str) -> str:
    """Return why Stripe refused: its code, else its sentence without ids and numbers."""
    return code if code not in {"", "refused"} else _IDS.sub("", message)
