"""Deciding about a set of creators: claim, sum, decide and pay, on the same rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from database import sql
from database.staff import SYSTEM, Act
from earnings.services import carrying, claims
from earnings.services.carrying import CarriedOver
from ledger import services as ledger
from money import Money, currencies
from payouts import selectors
from payouts.models import Payout, PayoutRun
from payouts.states import DEAD, DecisionReason

_SQL = Path(__file__).parent / "run_sql"
(
    _CREATE,
    _DECIDE_AS_SENT,
    _REMAINDERS,
    _DIFFERENCE,
    _TAKE,
    _PAY,
    _CLAIMED,
    _LINES,
    _EVENTS,
    _RECORD,
    _SUMMARY,
) = (
    sql.read(_SQL / f"{name}.sql")
    for name in (
        "create",
        "decide_as_sent",
        "remainders",
        "difference",
        "take_remainders",
        "pay",
        "claimed",
        "lines",
        "events",
        "record",
        "summary",
    )
)
_LEDGER = sql.read(_SQL / "ledger.sql", carried_over=carrying.LEDGER)
_CLAIM = sql.read(_SQL / "claim.sql", claimable=selectors.CLAIMABLE)
_DECIDE = sql.read(_SQL / "decide.sql", blockers=selectors.BLOCKERS)
_STEPPED = "Stripe accepts only certain amounts of this currency"


@dataclass(frozen=True, slots=True)
class Decided:
    """How many creators were decided alike, and what it comes to in signed minor units."""

    reason: str
    currency: str
    creators: int
    amount: int


def decide(
    run: PayoutRun,
    creators: Sequence[UUID],
    *,
    now: datetime,
    currency: str | None = None,
    retry_of: Payout | None = None,
    retry_number: int = 0,
    act: Act | None = None,
) -> list[Decided]:
    """Decide about these creators, in the caller's transaction, and make the payouts.

    `currency` None decides about all their currencies. Unless it is a retry, the run is then incomplete.
    """
    act = act or Act(SYSTEM, f"made by the {run}")
    params = _params(
        run,
        creators,
        currency=currency,
        retry_of=retry_of,
        retry_number=retry_number,
        act=act,
        now=now,
    )
    # If the same run is made twice at once, the second waits here, and then sees the first one's payouts.
    if retry_of is None:
        PayoutRun.objects.filter(pk=run.pk).update(completed_at=None, superseded_at=None)
    else:
        _lock(run)
    _claim(params)
    sql.run(_DECIDE, params)
    _pay(params, carried=carrying.carry_over(_REMAINDERS, params, why=_STEPPED))
    return _summary()


def decide_again(
    dead: Payout, *, act: Act, now: datetime, retry_number: int = 0
) -> UUID | DecisionReason | None:
    """Decide again, in the caller's transaction, what the dead payout's run would pay its creator.

    The run's rules apply, so earnings that arrived late for its period count too. Return the new payout's id, or
    the reason why there is none; None if nothing is payable any more. `retry_number` is given if the service retries
    by itself.
    """
    assert dead.run is not None
    decide(
        dead.run,
        [dead.creator_id],
        now=now,
        currency=dead.currency,
        retry_of=dead,
        retry_number=retry_number,
        act=act,
    )
    made = list(sql.rows("SELECT reason, payout_id FROM run_decision"))
    return (made[0]["payout_id"] or DecisionReason(made[0]["reason"])) if made else None


def pay_as_sent(
    run: PayoutRun, creator_id: UUID, *, amount: Money, ordinal: int, act: Act, why: str, now: datetime
) -> tuple[UUID, int]:
    """Make a payout, in the caller's transaction, of the amount that Stripe has already sent.

    It claims what the run can claim now, whatever would keep the run from paying. What this is above the amount is
    carried over, with `why`: the creator gets it later or, if it is negative, owes it. Return the payout's id and what
    is carried over, in minor units. No other payout may have the ordinal.
    """
    params = _params(run, [creator_id], currency=amount.currency, act=act, now=now)
    params |= {"ordinal": ordinal, "creator": creator_id, "amount": amount.amount}
    _lock(run)
    _claim(params)
    sql.run(_DECIDE_AS_SENT, params)
    (decided,) = sql.rows("SELECT payout_id, net FROM run_decision")
    _pay(params, carried=carrying.carry_over(_DIFFERENCE, params, why=why))
    return decided["payout_id"], decided["net"] - amount.amount


def forecast(
    run: PayoutRun | None, creators: Sequence[UUID], *, cutoff: date, now: datetime
) -> list[Decided]:
    """Decide in the caller's transaction, which leaves nothing behind."""
    params = {
        "run": run.pk if run else None,
        "currency": None,
        "cutoff": cutoff,
        "creators": list(creators),
        **_rules(now=now),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
    for statement in (_CLAIM, _DECIDE):
        sql.run(statement, params)
    decided = _summary()
    transaction.set_rollback(True)
    return decided


def _params(
    run: PayoutRun,
    creators: Sequence[UUID],
    *,
    currency: str | None,
    retry_of: Payout | None = None,
    retry_number: int = 0,
    act: Act,
    now: datetime,
) -> dict[str, Any]:
    return {
        "currency": currency,
        "retry_of": retry_of.pk if retry_of else None,
        "retry_number": retry_number,
        "first_failed_at": retry_of.first_failed_at if retry_of and retry_number else None,
        "ordinal": None,
        "actor": act.actor,
        "reason": act.reason,
        "run": run.pk,
        "cutoff": run.cutoff,
        "creators": list(creators),
        "stepped": list(currencies.AMOUNT_STEPS),
        "steps": list(currencies.AMOUNT_STEPS.values()),
        "now": now,
        **_rules(now=now),
    }


def _lock(run: PayoutRun) -> None:
    PayoutRun.objects.select_for_update(no_key=True).get(pk=run.pk)


def _claim(params: Mapping[str, Any]) -> None:
    """Lock the rows that the run can claim."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
    sql.run(_CLAIM, params)


def _pay(params: Mapping[str, Any], *, carried: CarriedOver) -> None:
    """Make the payouts that were decided, and everything that belongs to them."""
    sql.run(_TAKE, {"taken": carried.taken})
    sql.run(_PAY, params)
    claims.claim(_CLAIMED, params)
    for statement in (_LINES, _EVENTS):
        sql.run(statement, params)
    ledger.post_set(_LEDGER, carried.ledger)
    sql.run(_RECORD, params)


def _summary() -> list[Decided]:
    return [Decided(**row) for row in sql.rows(_SUMMARY)]


def _rules(*, now: datetime) -> dict[str, Any]:
    return {**selectors.blocker_rules(now=now), "dead": list(DEAD)}
