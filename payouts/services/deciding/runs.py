"""Payout runs: claim, sum and decide on the same rows, set by set of creators."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from database import notices, sql
from database.halving import do_in_halves
from database.staff import SYSTEM, Act
from earnings.services import carrying, claims, posting, write_offs
from ledger import services as ledger
from money import Period, currencies, midnight, month_of
from payouts import selectors
from payouts.errors import CutoffNotReached
from payouts.models import Payout, PayoutRun
from payouts.states import DEAD, DecisionReason
from stripe_io import installation

logger = logging.getLogger(__name__)
_SQL = Path(__file__).parent / "run_sql"
_CREATE, _NEXT, _REMAINDERS, _TAKE, _PAY, _CLAIMED, _LINES, _EVENTS, _RECORD, _SUMMARY, _GIVE_UP = (
    sql.read(_SQL / f"{name}.sql")
    for name in (
        "create",
        "next_creators",
        "remainders",
        "take_remainders",
        "pay",
        "claimed",
        "lines",
        "events",
        "record",
        "summary",
        "give_up",
    )
)
_LEDGER = sql.read(_SQL / "ledger.sql", carried_over=carrying.LEDGER)
_CLAIM = sql.read(_SQL / "claim.sql", claimable=selectors.CLAIMABLE)
_DECIDE = sql.read(_SQL / "decide.sql", blockers=selectors.BLOCKERS)
CREATORS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class _Decided:
    reason: str
    currency: str
    creators: int
    amount: int


@dataclass(slots=True)
class RunResult:
    """What making a run decided: creators and signed minor units by (reason, currency)."""

    cutoff: date
    creators: Counter[tuple[str, str]] = field(default_factory=Counter)
    amounts: Counter[tuple[str, str]] = field(default_factory=Counter)


def make_run(*, cutoff: date, now: datetime) -> RunResult:
    """Make, finish or repeat the run that pays what was earned before `cutoff`, less debts of later periods.

    Received records are posted first. Only creators with unclaimed rows and no live payout in this run are
    considered, so repeating the run pays nobody twice. A creator that can't be decided doesn't stop the others.

    Raises: CutoffNotReached.
    """
    _require_period_over(cutoff, now=now)
    posting.post_due(now=now)
    write_offs.settle_all(now=now)
    run, _ = PayoutRun.objects.get_or_create(cutoff=cutoff)
    result = RunResult(cutoff=cutoff)
    last: UUID | None = None
    while creators := _next_creators(run.cutoff, after=last):
        decided = do_in_halves(
            creators, act=partial(_decide_set, run, now=now), give_up=partial(_give_up, run, now=now)
        )
        for part in decided:
            _add_up(result, part)
        last = creators[-1]
    PayoutRun.objects.filter(pk=run.pk).update(completed_at=now, superseded_at=None)
    notices.send_debounced_on_commit("payouts.sweep")
    return result


def preview_run(*, cutoff: date, now: datetime) -> RunResult:
    """Decide as `make_run` would, and leave nothing behind.

    Raises: CutoffNotReached.
    """
    with transaction.atomic():
        result = make_run(cutoff=cutoff, now=now)
        transaction.set_rollback(True)
    return result


def forecast_run(*, cutoff: date, now: datetime) -> RunResult:
    """Decide as the future run up to `cutoff` would if nothing more were sold; leave nothing behind.

    Records that aren't posted yet are left out, and so are creators that can't be decided. Rows are locked only
    while a set of creators is decided.
    """
    run = PayoutRun.objects.filter(cutoff=cutoff).first()
    result = RunResult(cutoff=cutoff)
    last: UUID | None = None
    while creators := _next_creators(cutoff, after=last):
        decided = do_in_halves(
            creators,
            act=partial(_forecast_set, run, cutoff=cutoff, now=now),
            give_up=lambda creator, error: [],
        )
        for part in decided:
            _add_up(result, part)
        last = creators[-1]
    return result


def _forecast_set(
    run: PayoutRun | None, creators: Sequence[UUID], *, cutoff: date, now: datetime
) -> list[_Decided]:
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


def make_due_run(*, now: datetime) -> RunResult | None:
    """Make the latest due run that isn't complete; mark earlier missed or unfinished runs as superseded."""
    cutoff = selectors.unmade_cutoff(now=now)
    if cutoff is None:
        return None
    installed_at = installation.installed_at()
    missed = month_of(cutoff).previous_month()
    while selectors.due_at(missed.start) >= installed_at:
        overtaken, _ = PayoutRun.objects.get_or_create(cutoff=missed.start)
        if overtaken.completed_at is None and overtaken.superseded_at is None:
            overtaken.superseded_at = now
            overtaken.save(update_fields=["superseded_at"])
        missed = missed.previous_month()
    return make_run(cutoff=cutoff, now=now)


def period_complete_at(now: datetime) -> Period:
    """Return the last period that was complete at `now`."""
    return month_of(now).previous_month()


def _require_period_over(cutoff: date, *, now: datetime) -> None:
    if midnight(cutoff) > min(now, sql.now()):
        raise CutoffNotReached(cutoff)


def _next_creators(cutoff: date, *, after: UUID | None) -> list[UUID]:
    params = {"after": after or UUID(int=0), "cutoff": cutoff, "limit": CREATORS_AT_ONCE}
    return [row["creator_id"] for row in sql.rows(_NEXT, params)]


def _give_up(run: PayoutRun, creator: UUID, error: DatabaseError, *, now: datetime) -> list[_Decided]:
    logger.error("could not decide creator %s", creator, exc_info=error)
    params = {"run": run.pk, "cutoff": run.cutoff, "creator": creator, "detail": str(error), "now": now}
    sql.run(_GIVE_UP, params)
    return [_Decided(DecisionReason.ERROR, "", 1, 0)]


def _add_up(result: RunResult, decided: Sequence[_Decided]) -> None:
    for row in decided:
        result.creators[row.reason, row.currency] += row.creators
        result.amounts[row.reason, row.currency] += row.amount


def _summary() -> list[_Decided]:
    return [_Decided(**row) for row in sql.rows(_SUMMARY)]


def _rules(*, now: datetime) -> dict[str, Any]:
    return {**selectors.blocker_rules(now=now), "dead": list(DEAD)}


def decide_again(dead: Payout, *, act: Act, now: datetime) -> UUID | DecisionReason | None:
    """Decide again, in the caller's transaction, what the dead payout's run would pay its creator.

    The run's rules apply, so earnings that arrived late for its period count too. Return the new payout's id, or
    the reason why there is none; None if nothing is payable any more.
    """
    assert dead.run is not None
    _decide_set(
        dead.run,
        [dead.creator_id],
        now=now,
        currency=dead.currency,
        retry_of=dead.pk,
        act=act,
    )
    made = list(sql.rows("SELECT reason, payout_id FROM run_decision"))
    return (made[0]["payout_id"] or DecisionReason(made[0]["reason"])) if made else None


def _decide_set(
    run: PayoutRun,
    creators: Sequence[UUID],
    *,
    now: datetime,
    currency: str | None = None,
    retry_of: UUID | None = None,
    act: Act | None = None,
) -> list[_Decided]:
    act = act or Act(SYSTEM, f"made by the run up to {run.cutoff}")
    params = {
        "currency": currency,
        "retry_of": retry_of,
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
    # If the same run is made twice at once, the second waits here, and then sees the first one's payouts.
    PayoutRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
    for statement in (_CLAIM, _DECIDE):
        sql.run(statement, params)
    carried = carrying.carry_over(_REMAINDERS, params)
    sql.run(_TAKE, {"taken": carried.taken})
    sql.run(_PAY, params)
    claims.claim(_CLAIMED, params)
    for statement in (_LINES, _EVENTS):
        sql.run(statement, params)
    ledger.post_set(_LEDGER, carried.ledger)
    sql.run(_RECORD, params)
    return _summary()
