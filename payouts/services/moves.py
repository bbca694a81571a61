"""Moving a payout from state to state, and releasing the earnings of a dead one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple, TypedDict, Unpack
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from psycopg.sql import SQL, Composable, Identifier, Placeholder
from psycopg.types.json import Jsonb

from database import notices, sql
from database.staff import SYSTEM
from earnings.services import claims, paid_totals
from ledger import services as ledger
from ledger.models import AccountKind
from ledger.services import Line
from money import Money, month_of
from payouts.errors import IllegalMove, UnknownPayout
from payouts.models import Payout, PayoutAttempt
from payouts.services import setbacks
from payouts.states import LEGAL, PayoutStatus

CANCELLABLE = tuple(LEGAL[PayoutStatus.CANCELLED])
# Composing this query anew, as the ORM does, takes longer than running it.
_LOCK = "SELECT * FROM payouts WHERE id = %(payout)s FOR NO KEY UPDATE"


class Move(NamedTuple):
    """A move to another state: who makes it, and why."""

    target: PayoutStatus
    reason: str
    actor: str = SYSTEM


class PayoutChanges(TypedDict, total=False):
    """The columns of a payout that may change with its state."""

    stripe_transfer_id: str
    stripe_payout_id: str
    destination_payment: str
    amount_reversed: int
    fx_loss: int
    arrival_amount: int | None
    bank_amount: int
    bank_currency: str
    arrival_date: date | None
    trace_id: str
    trace_status: str
    failure_code: str
    failure_message: str
    next_retry_at: datetime | None
    taken_at: datetime | None
    errors: int
    failing_since: datetime | None
    first_failed_at: datetime | None


class AttemptColumns(TypedDict, total=False):
    """The columns of an attempt that this module writes."""

    id: UUID
    kind: str
    status: str
    idempotency_key: str
    metadata: dict[str, str]
    destination: str
    amount: int
    currency: str
    requested_by: str
    request_reason: str
    request_act_id: UUID | None
    sends: int
    first_sent_at: datetime | None
    last_sent_at: datetime
    answered: bool
    in_doubt: bool
    resendable: bool
    stripe_id: str
    http_status: int | None
    error_code: str
    error_message: str
    request_id: str
    external_account_id: str
    ended_at: datetime
    withdrawn_by: str
    withdraw_reason: str
    withdraw_act_id: UUID | None
    withdrawn_at: datetime


class AttemptUpdate(NamedTuple):
    """Changes to an existing attempt."""

    attempt: PayoutAttempt
    changes: AttemptColumns


def move(
    payout: Payout,
    target: PayoutStatus,
    *,
    now: datetime,
    reason: str,
    actor: str = SYSTEM,
    **changes: Unpack[PayoutChanges],
) -> None:
    """Move a payout in the caller's transaction, apply the other changes, and write the event row.

    Raises: IllegalMove, like `write`.
    """
    write(payout, moves=[Move(target, reason, actor)], changes=changes, now=now)


def write(
    payout: Payout,
    *,
    now: datetime,
    moves: Sequence[Move] = (),
    changes: PayoutChanges | None = None,
    update: AttemptUpdate | None = None,
    new_attempt: AttemptColumns | None = None,
) -> PayoutAttempt | None:
    """Write a payout's columns, its moves and an attempt in one statement; return the new attempt, if any.

    `payout.status` is what the caller read: if the payout has moved since, nothing is written. A move, or another due
    time, takes the payout from its worker, unless the changes say otherwise.

    Raises: IllegalMove.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a payout is written in the same transaction as everything that goes with it")
    path = [PayoutStatus(payout.status), *(move.target for move in moves)]
    for seen, target in pairwise(path):
        if seen not in LEGAL[target]:
            raise IllegalMove(payout.pk, seen=seen, target=target)
    columns: dict[str, Any] = {"status": path[-1].value, **(changes or {})}
    if moves or "next_retry_at" in columns:
        columns.setdefault("taken_at", None)
    if PayoutStatus.PAID in path and moves:
        columns["paid_at"] = now if path[-1] == PayoutStatus.PAID else None
    written = _execute(payout, path, columns, moves=moves, update=update, new_attempt=new_attempt, now=now)
    if not written["payouts"]:
        raise IllegalMove(payout.pk, seen=path[0], target=path[-1])
    _set_columns(payout, columns)
    if update:
        _set_columns(update.attempt, update.changes)
    for seen, target in pairwise(path):
        _update_dependents(payout, seen, target, now=now)
    return PayoutAttempt(id=written["attempt"], payout=payout, **new_attempt) if new_attempt else None


def release_earnings(payout: Payout, *, held_in: AccountKind, in_suspense: int = 0, fx_loss: int = 0) -> None:
    """Release the rows of a payout that ended unpaid; its line items stay, and its rows stay closed.

    `held_in` is the ledger account that has the money: still reserved, or the Stripe balance that it came back to.
    `in_suspense` is what came back in parts before, and `fx_loss` what didn't come back and the platform bears, in
    minor units.
    """
    claims.release(payout.pk)
    source = payout.creator_id if held_in == AccountKind.PAYOUTS_RESERVED else None
    earlier, lost = Money(in_suspense, payout.currency), Money(fx_loss, payout.currency)
    ledger.post(
        source_key=f"payout:{payout.pk}:given_back",
        kind="payout_given_back",
        lines=[
            Line(held_in, earlier + lost - payout.net, creator_id=source),
            Line(AccountKind.SUSPENSE, -earlier),
            Line(AccountKind.FX_DIFFERENCE, -lost),
            Line(AccountKind.CREATOR_PAYABLE, payout.net, creator_id=payout.creator_id),
        ],
    )


def locked(payout_id: UUID) -> Payout:
    """Return the payout, locked until the caller's transaction ends.

    Raises: UnknownPayout.
    """
    for payout in Payout.objects.raw(_LOCK, {"payout": payout_id}):
        return payout
    raise UnknownPayout(payout_id)


def waiting_of(creator_id: UUID) -> QuerySet[Payout]:
    """Return the creator's payouts of which nothing has been sent, locked until the caller's transaction ends."""
    waiting = Payout.objects.filter(creator=creator_id, status__in=CANCELLABLE)
    return waiting.order_by("pk").select_for_update(no_key=True)


def _execute(
    payout: Payout,
    path: Sequence[PayoutStatus],
    columns: Mapping[str, Any],
    *,
    moves: Sequence[Move],
    update: AttemptUpdate | None,
    new_attempt: AttemptColumns | None,
    now: datetime,
) -> dict[str, Any]:
    changes: Mapping[str, Any] = update.changes if update else {}
    opened: Mapping[str, Any] = new_attempt or {}
    statement = _statement(tuple(columns), tuple(changes), tuple(opened))
    params = {
        "payout": payout.pk,
        "attempt": update.attempt.pk if update else None,
        "seen": path[0].value,
        "now": now,
        "from": [status.value for status in path[:-1]],
        "to": [status.value for status in path[1:]],
        "actors": [move.actor for move in moves],
        "reasons": [move.reason for move in moves],
        **{f"payout_{name}": value for name, value in columns.items()},
        **{f"attempt_{name}": value for name, value in changes.items()},
        **{
            f"opened_{name}": Jsonb(value) if isinstance(value, dict) else value
            for name, value in opened.items()
        },
    }
    (row,) = sql.rows(statement, params)
    return row


@cache
def _statement(columns: tuple[str, ...], changes: tuple[str, ...], opened: tuple[str, ...]) -> str:
    """Compose the statement that writes these columns of the payout, an existing attempt and a new one."""
    parts = [
        SQL(
            "payout AS (UPDATE payouts SET {} WHERE id = %(payout)s AND status = %(seen)s RETURNING id)"
        ).format(_assignments("payout", columns)),
        SQL(
            "event AS (INSERT INTO payout_events (payout_id, from_status, to_status, actor, reason, at) "
            "SELECT payout.id, move.from_status, move.to_status, move.actor, move.reason, %(now)s FROM payout, "
            "unnest(%(from)s::text[], %(to)s::text[], %(actors)s::text[], %(reasons)s::text[]) "
            "WITH ORDINALITY AS move (from_status, to_status, actor, reason, position) ORDER BY move.position)"
        ),
    ]
    if changes:
        parts.append(
            SQL(
                "attempt AS (UPDATE payout_attempts SET {} FROM payout "
                "WHERE payout_attempts.id = %(attempt)s AND payout_attempts.payout_id = payout.id)"
            ).format(_assignments("attempt", changes))
        )
    if opened:
        parts.append(
            SQL(
                "opened AS (INSERT INTO payout_attempts (payout_id, {}) SELECT payout.id, {} FROM payout RETURNING id)"
            ).format(_identifiers(opened), SQL(", ").join(Placeholder(f"opened_{name}") for name in opened))
        )
    attempt = SQL("(SELECT id FROM opened)" if opened else "NULL")
    return (
        SQL("WITH {} SELECT (SELECT count(*) FROM payout) AS payouts, {} AS attempt")
        .format(SQL(", ").join(parts), attempt)
        .as_string()
    )


def _assignments(prefix: str, columns: Sequence[str]) -> Composable:
    return SQL(", ").join(
        SQL("{} = {}").format(Identifier(name), Placeholder(f"{prefix}_{name}")) for name in columns
    )


def _identifiers(columns: Sequence[str]) -> Composable:
    return SQL(", ").join(map(Identifier, columns))


def _set_columns(row: Payout | PayoutAttempt, columns: Mapping[str, Any]) -> None:
    for name, value in columns.items():
        setattr(row, name, value)


def _update_dependents(payout: Payout, seen: PayoutStatus, target: PayoutStatus, *, now: datetime) -> None:
    """Update what depends on the payout's state."""
    if target == PayoutStatus.PAID:
        paid_totals.add_to_paid(payout.pk)
    elif seen == PayoutStatus.PAID:
        paid_totals.take_from_paid(payout.pk)
    if target in setbacks.SETBACKS:
        setbacks.hold_after_several(payout.creator_id)
    if PayoutStatus.PAID in (seen, target):
        notices.send_debounced_on_commit("revenue.refresh", months=[month_of(now).start.isoformat()])
