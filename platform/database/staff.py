"""Acts of staff: who may do them, how they are signed, and why they were done."""

import re
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import models

from database.refusals import Refusal

# Signs what the service does by itself; no user can have this username.
SYSTEM = "system"
_CLI = " via cli"
_VIA = re.compile(r" via [a-z]+\Z")


class Right(models.TextChoices):
    """The right to one kind of act: a Django permission on the user model. Superusers have all of them."""

    HOLD = "hold", "Can hold creators"
    RELEASE = "release", "Can release creators from holds"
    CANCEL_PAYOUT = "cancel_payout", "Can cancel payouts"
    RETRY_PAYOUT = "retry_payout", "Can retry payouts"
    REVERSE_PAYOUT = "reverse_payout", "Can reverse payouts"
    SETTLE_PAYOUT = "settle_payout", "Can settle payouts"
    SYNC = "sync", "Can sync payouts with Stripe"
    END_COOL_DOWN = "end_cool_down", "Can end cool-downs"
    TRY_AGAIN = "try_again", "Can lift holds on failed destinations"
    REPLACE_ACCOUNT = "replace_account", "Can replace Stripe accounts"
    PROPOSE_ADJUSTMENT = "propose_adjustment", "Can propose adjustments and write-offs"
    APPROVE_ADJUSTMENT = "approve_adjustment", "Can approve and decline adjustments and write-offs"
    SET_COMMISSION = "set_commission", "Can set and end commission rates"
    PAUSE_SENDING = "pause_sending", "Can pause sending"
    RESUME_SENDING = "resume_sending", "Can resume sending"
    REPLAY_EVENTS = "replay_events", "Can replay Stripe events"
    OWN_DIFFERENCE = "own_difference", "Can own differences"
    RESOLVE_DIFFERENCE = "resolve_difference", "Can resolve differences"
    RETRY_BATCH = "retry_batch", "Can retry batches that were set aside"
    QUARANTINE_BATCH = "quarantine_batch", "Can quarantine records of batches that were set aside"
    EDIT_CATALOG = "edit_catalog", "Can assign APIs to sources and edit creators' details"

    @property
    def permission(self) -> str:
        """The name that `User.has_perm` takes."""
        return f"accounts.{self.value}"


class NotStaff(Refusal):
    """No active member of staff has this username."""

    def __init__(self, username: str) -> None:
        super().__init__(
            f"No active member of staff has the username {username!r}. A superuser can add or reactivate "
            "users in the console, under Users; `manage.py createsuperuser` makes the first one."
        )


class RightMissing(Refusal):
    """This member of staff lacks the right."""

    def __init__(self, username: str, right: Right) -> None:
        super().__init__(
            f'{username} lacks the right "{right.label}" ({right.value}). '
            "A superuser can grant it in the console, under Users."
        )


class ActorMissing(Refusal):
    """Every act needs an actor."""

    def __init__(self) -> None:
        super().__init__("An actor is needed.")


class ReasonMissing(Refusal):
    """Every act needs a reason."""

    def __init__(self) -> None:
        super().__init__("A reason is needed.")


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, and why. Both are recorded with the act, without surrounding blanks.

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
    """Return the signature of this member of staff for acts on the command line: `dana via cli`.

    Raises: NotStaff, RightMissing.
    """
    user = get_user_model().objects.filter(username=username, is_active=True, is_staff=True).first()
    if user is None:
        raise NotStaff(username)
    if not user.has_perm(right.permission):
        raise RightMissing(username, right)
    return f"{username}{_CLI}"


def person_behind(signature: str) -> str:
    """Return who signed, wherever they did it. Usernames never differ only in case."""
    return _VIA.sub("", signature).lower()


def is_same_person(signature: str, other: str) -> bool:
    return person_behind(signature) == person_behind(other)


class PersonBehind(models.Func):
    """`person_behind`, in SQL."""

    template = r"lower(regexp_replace(%(expressions)s, ' via [a-z]+$', ''))"
    output_field = models.CharField()
