"""Carrying out each confirmed dialog once, however often it is sent."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import SuspiciousOperation

from console.models import Outcome, Submission
from database import locks, sql

# Far longer than a session, without which no form can be sent (SESSION_HOURS is a week at most).
KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Result:
    """How a submission ended: a sentence for the member of staff, and the address that it links to, if any."""

    outcome: Outcome
    message: str
    link: str = ""


UNFINISHED = Result(
    Outcome.UNKNOWN,
    "This was begun before, and it is unknown how far it got. Look at the history before you try again.",
)


def once(token: UUID, *, user_id: int, act: str, carry_out: Callable[[], Result]) -> Result:
    """Carry out what was confirmed with this token; whoever sends it again gets the first result.

    The second of two that are sent at once waits for the first. If the first one's process died, nobody carries it
    out again.

    Raises: SuspiciousOperation if the token is someone else's, or of another dialog.
    """
    with _turn(token):
        _, is_first = Submission.objects.get_or_create(token=token, defaults={"user_id": user_id, "act": act})
        if not is_first:
            return ended(token, user_id=user_id, act=act) or UNFINISHED
        result = carry_out()
        Submission.objects.filter(token=token).update(
            outcome=result.outcome, message=result.message, link=result.link, ended_at=sql.now()
        )
    return result


def waited_for(token: UUID, *, user_id: int, act: str) -> Result | None:
    """Return how the submission with this token ended, once nobody is carrying it out any more; None if it never began.

    Raises: SuspiciousOperation, like `once`.
    """
    with _turn(token):
        return ended(token, user_id=user_id, act=act)


def ended(token: UUID, *, user_id: int, act: str) -> Result | None:
    """Return how the submission with this token ended, if it did.

    Raises: SuspiciousOperation, like `once`.
    """
    found = Submission.objects.filter(token=token).first()
    if found and (found.user_id, found.act) != (user_id, act):
        raise SuspiciousOperation("this token is of another dialog")
    return Result(Outcome(found.outcome), found.message, found.link) if found and found.ended_at else None


def forget(*, now: datetime) -> None:
    """Delete old submissions; what they did is in the audit log."""
    Submission.objects.filter(begun_at__lt=now - KEPT).delete()


def _turn(token: UUID) -> AbstractContextManager[None]:
    return locks.held(f"submission {token}")
