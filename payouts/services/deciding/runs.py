"""Payout runs: each decides about all creators, set by set."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from django.db import DatabaseError, transaction

from database import notices, sql
from database.halving import do_in_halves
from earnings.services import posting, write_offs
from money import Period, midnight, month_of
from payouts import selectors
from payouts.errors import CutoffNotReached
from payouts.models import PayoutRun
from payouts.services.deciding import gate, overtaking, run_size, sets
from payouts.services.deciding.sets import Decided
from payouts.states import DecisionReason
from stripe_io import installation

logger = logging.getLogger(__name__)
_SQL = Path(__file__).parent / "run_sql"
_NEXT, _GIVE_UP = (sql.read(_SQL / f"{name}.sql") for name in ("next_creators", "give_up"))
CREATORS_AT_ONCE = 5_000


@dataclass(slots=True)
class RunResult:
    """What making a run decided: creators and signed minor units by (reason, currency).

    `held` says why its payouts in a currency wait for staff: in that, the run is far larger than usual.
    """

    cutoff: date
    creators: Counter[tuple[str, str]] = field(default_factory=Counter)
    amounts: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: dict[str, str] = field(default_factory=dict)


def make_run(*, cutoff: date, now: datetime) -> RunResult:
    """Make, finish or repeat the run that pays what was earned before `cutoff`, less debts of later periods.

    Received records are posted first. Only creators with unclaimed rows and no live payout in this run are
    considered, so repeating the run pays nobody twice. A creator that can't be decided doesn't stop the others.
    Nothing of the run is sent before it is complete and its size judged.

    Raises: CutoffNotReached; BehindStripe, as a restored database may lack payouts that were sent.
    """
    gate.require_not_behind()
    _require_period_over(cutoff, now=now)
    posting.post_due(now=now)
    write_offs.settle_all(now=now)
    run, _ = PayoutRun.objects.get_or_create(cutoff=cutoff)
    overtaking.cancel_waiting_retries(cutoff, now=now)
    result = RunResult(cutoff=cutoff)
    last: UUID | None = None
    while creators := _next_creators(run.cutoff, after=last):
        decided = do_in_halves(
            creators, act=partial(sets.decide, run, now=now), give_up=partial(_give_up, run, now=now)
        )
        for part in decided:
            _add_up(result, part)
        last = creators[-1]
    result.held = _complete(run, now=now)
    notices.send_debounced_on_commit("payouts.sweep")
    return result


@transaction.atomic
def _complete(run: PayoutRun, *, now: datetime) -> dict[str, str]:
    """Judge the run's size, and let its payouts be sent; return why some currencies wait for staff."""
    PayoutRun.objects.filter(pk=run.pk).update(completed_at=now, superseded_at=None)
    return {pause.currency: pause.detail for pause in run_size.judge(run, now=now)}


def preview_run(*, cutoff: date, now: datetime) -> RunResult:
    """Decide as `make_run` would, and leave nothing behind.

    Raises: CutoffNotReached, BehindStripe.
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
            act=partial(sets.forecast, run, cutoff=cutoff, now=now),
            give_up=lambda creator, error: [],
        )
        for part in decided:
            _add_up(result, part)
        last = creators[-1]
    return result


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
            supersede(overtaken, now=now)
        missed = missed.previous_month()
    return make_run(cutoff=cutoff, now=now)


@transaction.atomic
def supersede(run: PayoutRun, *, now: datetime) -> None:
    """Mark a run as replaced by a later one; if it was made in part, its payouts are judged like a whole run's."""
    run.superseded_at = now
    run.save(update_fields=["superseded_at"])
    run_size.judge(run, now=now)


def period_complete_at(now: datetime) -> Period:
    """Return the last period that was complete at `now`."""
    return month_of(now).previous_month()


def _require_period_over(cutoff: date, *, now: datetime) -> None:
    if midnight(cutoff) > min(now, sql.now()):
        raise CutoffNotReached(cutoff)


def _next_creators(cutoff: date, *, after: UUID | None) -> list[UUID]:
    params = {"after": after or UUID(int=0), "cutoff": cutoff, "limit": CREATORS_AT_ONCE}
    return [row["creator_id"] for row in sql.rows(_NEXT, params)]


def _give_up(run: PayoutRun, creator: UUID, error: DatabaseError, *, now: datetime) -> list[Decided]:
    logger.error("could not decide creator %s", creator, exc_info=error)
    params = {"run": run.pk, "cutoff": run.cutoff, "creator": creator, "detail": str(error), "now": now}
    sql.run(_GIVE_UP, params)
    return [Decided(DecisionReason.ERROR, "", 1, 0)]


def _add_up(result: RunResult, decided: Sequence[Decided]) -> None:
    for row in decided:
        result.creators[row.reason, row.currency] += row.creators
        result.amounts[row.reason, row.currency] += row.amount
