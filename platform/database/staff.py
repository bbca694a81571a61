"""Who acts for the platform, whether they may, how what they do is signed, and that it has a reason."""

import re
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import models

from database.refusals import Refusal

# Signs what the service does by itself; no user can have this name.
SYSTEM = "system"
_CLI = " via cli"
_VIA = re.compile(r" via [a-z]+\Z")


class Right(models.TextChoices):
    """One kind of act each; every right is a permission of Django's on the user model. Superusers have them all."""

    HOLD = "hold", "Can hold creators"
    RELEASE = "release", "Can release creators from holds"
    CANCEL_PAYOUT = "cancel_payout", "Can cancel payouts"
    RETRY_PAYOUT = "retry_payout", "Can retry payouts"
    REVERSE_PAYOUT = "reverse_payout", "Can reverse payouts"
    SETTLE_PAYOUT = "settle_payout", "Can settle payouts"
    SYNC = "sync", "Can ask Stripe for the present state"
    END_COOL_DOWN = "end_cool_down", "Can end cool-downs"
    TRY_AGAIN = "try_again", "Can pay again to a destination that failed"
    REPLACE_ACCOUNT = "replace_account", "Can replace Stripe accounts"
    PROPOSE_ADJUSTMENT = "propose_adjustment", "Can propose adjustments and write-offs"
    APPROVE_ADJUSTMENT = "approve_adjustment", "Can approve and decline adjustments and write-offs"
    SET_COMMISSION = "set_commission", "Can set and end commission rates"
    PAUSE_SENDING = "pause_sending", "Can pause sending"
    RESUME_SENDING = "resume_sending", "Can resume sending"
    REPLAY_EVENTS = "replay_events", "Can replay Stripe events"
    OWN_DIFFERENCE = "own_difference", "Can take differences on"
    RESOLVE_DIFFERENCE = "resolve_difference", "Can resolve differences"
    RETRY_BATCH = "retry_batch", "Can retry batches that were set aside"
    QUARANTINE_BATCH = "quarantine_batch", "Can quarantine records of batches that were set aside"
    EDIT_CATALOG = "edit_catalog", "Can assign APIs to sources and edit creators' details"

    @property
    def permission(self) -> str:
        """The name that `User.has_perm` takes."""
        return f"accounts.{self.value}"


class NotStaff(Refusal):
    """Nobody who is active staff has this user name."""

    def __init__(self, username: str) -> None:
        super().__init__(
            f"No active member of staff has the username {username!r}. A superuser can add or reactivate "
            "users in the console, under Users; `manage.py createsuperuser` makes the first one."
        )


class RightMissing(Refusal):
    """This member of staff may not do that."""

    def __init__(self, username: str, right: Right) -> None:
        super().__init__(
            f'{username} lacks the right "{right.label}" ({right.value}). '
            "A superuser can grant it in the console, under Users."
        )


class ActorMissing(Refusal):
    """Nothing is done by nobody."""

    def __init__(self) -> None:
        super().__init__("It must be said who acts.")


class ReasonMissing(Refusal):
    """Staff act for a reason, and it is kept."""

    def __init__(self) -> None:
        super().__init__("A reason is needed.")


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, and why; both are kept with what is done, without blanks around them.

    The actor is the signature of a member of staff, or SYSTEM. Raises: ActorMissing, ReasonMissing.
    """

    actor: str
    reason: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "actor", self.actor.strip())
        object.__setattr__(self, "reason", self.reason.strip())
        if not self.actor:
            raise ActorMissing
        if not self.reason:
            raise ReasonMissing


def signature_on_command_line(username: str, right: Right) -> str:
    """Return how an act of this member of staff is signed: `dana via cli`.

    Raises: NotStaff, RightMissing.
    """
    user = get_user_model().objects.filter(username=username, is_active=True, is_staff=True).first()
    if user is None:
        raise NotStaff(username)
    if not user.has_perm(right.permission):
        raise RightMissing(username, right)
    return f"{username}{_CLI}"


def person_behind(signature: str) -> str:
    """Return who signed, whichever way they came; two usernames never differ only in case."""
    return _VIA.sub("", signature).lower()


def is_same_person(signature: str, other: str) -> bool:
    return person_behind(signature) == person_behind(other)


class PersonBehind(models.Func):
    """`person_behind`, in SQL."""

    template = r"lower(regexp_replace(%(expressions)s, ' via [a-z]+$', ''))"
    output_field = models.CharField()
