"""Acts of staff: who may do them, how they are signed, and why they were done."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.db import models
from django.http import HttpRequest

from database import sql
from database.refusals import Refusal
from database.requests import address_of, request_id
from database.texts import legible

if TYPE_CHECKING:
    from accounts.models import User
    from database.models import RecordedAct

# Signs what the service does by itself; no user can have this username.
SYSTEM = "system"
# Signs attempts to log in with a name that nobody has; no user can have it, as it contains a blank.
NOBODY = "somebody unknown"
# Signs set-up by commands that need no user, by whoever has the machine's secrets; no user can have it either.
OPERATOR = "the operator"
_VIA = re.compile(r" via [a-z]+\Z")


class Right(models.TextChoices):
    """The right to one kind of act: a Django permission on the user model."""

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
    PROPOSE_PLACEMENT = "propose_placement", "Can propose whose money in suspense is"
    APPROVE_PLACEMENT = "approve_placement", "Can approve and decline whose money in suspense is"
    PAUSE_SENDING = "pause_sending", "Can pause sending"
    RESUME_SENDING = "resume_sending", "Can resume sending"
    RECOVER = "recover", "Can take over from Stripe what the database lacks"
    REPLAY_EVENTS = "replay_events", "Can replay Stripe events"
    OWN_DIFFERENCE = "own_difference", "Can own differences"
    RESOLVE_DIFFERENCE = "resolve_difference", "Can resolve differences"
    RETRY_BATCH = "retry_batch", "Can retry batches that were set aside"
    QUARANTINE_BATCH = "quarantine_batch", "Can quarantine records of batches that were set aside"
    RETRY_QUARANTINE = "retry_quarantine", "Can retry quarantined records"
    ACCEPT_UNLINKED = "accept_unlinked", "Can accept quarantined records without their charge"
    ADD_NOTE = "add_note", "Can add notes"
    EXPORT = "export", "Can export"
    EDIT_CATALOG = "edit_catalog", "Can assign APIs to sources and edit creators' details"

    @property
    def permission(self) -> str:
        """The name that `User.has_perm` takes."""
        return f"accounts.{self.value}"


# Rights that count only some hours after they were given, so that nobody gives one and uses it before anybody notices.
APPROVALS = frozenset({Right.APPROVE_ADJUSTMENT, Right.APPROVE_PLACEMENT})


class Via(models.TextChoices):
    """The way in which an act came."""

    CONSOLE = "console", "Console"
    COMMAND = "command", "Command line"
    API = "api", "API"
    SYSTEM = "system", "System"


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
            f'{username} lacks the right "{right.label}" ({right.value}). {_who_has(right)} '
            "A superuser can change who is in a group, in the console, under Users."
        )


class RightTooNew(Refusal):
    """This member of staff may approve only later: the right is too new."""

    def __init__(self, username: str, right: Right, *, counts_from: datetime) -> None:
        super().__init__(
            f'{username} has the right "{right.label}" since too short a time. It counts from '
            f"{counts_from:%Y-%m-%d %H:%M} UTC, {settings.APPROVAL_WAIT_HOURS} hours after it was given, or after "
            "someone else set their password or activated them."
        )


class NobodyToApprove(Refusal):
    """A proposal that nobody but its proposer could approve."""

    def __init__(self, right: Right) -> None:
        super().__init__(
            f"Nobody else could approve this: it needs another active member of staff. {_who_has(right)}"
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
    """Who does something, where, and why. `actor` and `reason` are recorded without surrounding blanks, and the
    reason without invisible characters.

    The actor is the signature of a member of staff, or SYSTEM. `user_id` is None for whoever is no member of staff.
    `address` and `request_id` are those of the client's request, and empty without one. `recorded_id` names the row
    that records it, once `recorded_as` was told.

    Raises: ActorMissing, ReasonMissing.
    """

    actor: str
    reason: str
    via: Via = Via.SYSTEM
    user_id: int | None = None
    address: str = ""
    request_id: str = ""
    recorded_id: UUID | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "actor", self.actor.strip())
        object.__setattr__(self, "reason", legible(self.reason))
        if not self.actor:
            raise ActorMissing
        if not self.reason:
            raise ReasonMissing

    def recorded_as(self, row: "RecordedAct | None") -> "Act":
        """Return this act with the row that records it, for services that write rows which refer to it."""
        return replace(self, recorded_id=row.pk if row else None)


def act_in_console(request: HttpRequest, right: Right, reason: str) -> Act:
    """Return the act of the member of staff who sent this request.

    Raises: NotStaff, RightMissing, RightTooNew, ReasonMissing.
    """
    user = request.user
    if isinstance(user, AnonymousUser) or not (user.is_active and user.is_staff):
        raise NotStaff(user.get_username())
    _require(user, right)
    return signed_in_console(request, reason, user=user)


def act_of_administrator(request: HttpRequest, reason: str) -> Act:
    """Return the act of the superuser who sent this request; the console checks who manages users and schedules.

    Raises: ReasonMissing.
    """
    assert not isinstance(request.user, AnonymousUser)
    return signed_in_console(request, reason, user=request.user)


def signed_in_console(request: HttpRequest, reason: str, *, user: "User | None") -> Act:
    """Return an act by this user, whoever they are; None is somebody who didn't log in.

    Raises: ReasonMissing.
    """
    return Act(
        f"{user.get_username()} via console" if user else NOBODY,
        reason,
        via=Via.CONSOLE,
        user_id=user.pk if user else None,
        address=address_of(request) or "",
        request_id=request_id.get(),
    )


def act_on_command_line(username: str, right: Right, reason: str) -> Act:
    """Return an act of this member of staff on the command line, signed `dana via cli`.

    Raises: NotStaff, RightMissing, RightTooNew, ReasonMissing.
    """
    user = get_user_model().objects.filter(username=username, is_active=True, is_staff=True).first()
    if user is None:
        raise NotStaff(username)
    _require(user, right)
    return Act(f"{username} via cli", reason, via=Via.COMMAND, user_id=user.pk)


def act_of_operator(reason: str) -> Act:
    """Return the act of whoever sets the service up on the command line, maybe before there are users."""
    return Act(f"{OPERATOR} via cli", reason, via=Via.COMMAND)


def require_approver(act: Act, right: Right) -> None:
    """Refuse a proposal of a member of staff if nobody else has the right to approve it.

    Raises: NobodyToApprove.
    """
    if act.user_id is None:
        return
    others = get_user_model().objects.filter(
        is_active=True, is_staff=True, is_superuser=False, groups__in=_groups_with(right)
    )
    if not others.exclude(pk=act.user_id).exists():
        raise NobodyToApprove(right)


def groups_with(right: Right) -> list[str]:
    """List the names of the groups whose members have this right."""
    return list(_groups_with(right).order_by("name").values_list("name", flat=True))


def _groups_with(right: Right) -> "models.QuerySet[Group]":
    return Group.objects.filter(
        permissions__content_type__app_label="accounts", permissions__codename=right.value
    )


def _require(user: "User", right: Right) -> None:
    username = user.get_username()
    if right not in user.rights:
        raise RightMissing(username, right)
    if right in APPROVALS:
        since = max(user.rights[right], user.let_in_at or user.rights[right])
        counts_from = since + timedelta(hours=settings.APPROVAL_WAIT_HOURS)
        if sql.now() < counts_from:
            raise RightTooNew(username, right, counts_from=counts_from)


def _who_has(right: Right) -> str:
    names = groups_with(right)
    return f"It comes with the group {' or '.join(names)}." if names else "No group has it."


def person_behind(signature: str) -> str:
    """Return who signed, wherever they did it. Usernames never differ only in case."""
    return _VIA.sub("", signature).lower()


def is_same_person(signature: str, other: str) -> bool:
    return person_behind(signature) == person_behind(other)


class PersonBehind(models.Func):
    """`person_behind`, in SQL."""

    template = r"lower(regexp_replace(%(expressions)s, ' via [a-z]+$', ''))"
    output_field = models.CharField()
