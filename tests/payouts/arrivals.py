"""Random markets: three months of true events, and the orders in which they may arrive."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from hypothesis import strategies as st

from tests.feeding import record
from tests.payouts.truth import Fact, as_of

MONTHS = [date(2025, 7, 1), date(2025, 8, 1), date(2025, 9, 1)]
# Each month has two halves. Staff act after each half, and a run is made after the second.
HALVES = [datetime(month.year, month.month, day, tzinfo=UTC) for month in MONTHS for day in (1, 16)]
TICKS, TICK = 10, timedelta(hours=35)
LAST = len(HALVES) * TICKS - 1
# The second halves of all months but the last.
MONTHS_ENDS = [1, 3]
CREATORS = ["alice", "bob"]
APIS = ["api-a", "api-b"]
UNDOES = {"refund_reversal": "refund", "chargeback_reversal": "chargeback"}
AMOUNTS = st.sampled_from([1, 2, 3, 5, 99]) | st.integers(1_00, 300_00) | st.integers(1_00, 300_00)
# Words that say nothing usable, ever.
USELESS = [{"amount": "0"}, {"currency": "XXX"}, {"occurred_at": "never"}]


class StaffAct(NamedTuple):
    """What staff do after a half: `write_off`, `cancel`, `correct` or (counted as earned) `correct_earned`."""

    kind: str
    creator: str
    amount: int = 0


KINDS = ["write_off", "write_off", "write_off", "cancel", "correct", "correct_earned"]
CORRECTIONS = AMOUNTS.map(lambda amount: amount - 100_00).filter(bool)
ACTS = st.builds(StaffAct, st.sampled_from(KINDS), st.sampled_from(CREATORS), CORRECTIONS)
# For the halves `ahead`: the model doesn't know to which month a write-off belongs.
AHEAD_ACTS = ACTS.filter(lambda act: act.kind != "write_off")
Record = dict[str, str]
# Begins the ids of charges that never come.
LOST = "lost"


class Registered(NamedTuple):
    """An API is registered, with whoever owns it in all these months."""

    api: str


@dataclass(slots=True)
class Market:
    """True events, and what staff do after each half.

    A fact is `known` from some half on, within which things come in any order. In the halves `ahead`, facts of the
    next month may be known already. `words` are wrong copies of its record, which come before the right one, and if
    they could be taken, while they have to wait for an API or a charge. `lost` facts name a charge that never comes.
    """

    owners: dict[str, list[tuple[datetime, str]]]
    rates: dict[str, list[tuple[datetime, int]]]
    facts: list[Fact] = field(default_factory=list)
    known: dict[int, int] = field(default_factory=dict)
    words: dict[int, list[dict[str, str]]] = field(default_factory=dict)
    acts: dict[int, list[StaffAct]] = field(default_factory=dict)
    ahead: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    seed: int = 0


def instant(tick: int) -> datetime:
    return HALVES[tick // TICKS] + tick % TICKS * TICK


def at_times(most: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(1, LAST), max_size=most, unique=True).map(sorted)


@st.composite
def markets(draw: st.DrawFn) -> Market:
    market = Market(
        owners={
            api: list(
                zip(map(instant, [0, *draw(at_times(1))]), draw(st.permutations(CREATORS)), strict=False)
            )
            for api in APIS
        },
        rates={
            whose: [(instant(tick), draw(st.sampled_from([0, 1_234, 2_000, 3_333]))) for tick in ticks]
            for whose, ticks in [
                ("", [0, *draw(at_times(2))]),
                *(
                    (whose, draw(at_times(2)))
                    for whose in draw(st.sets(st.sampled_from([*APIS, *CREATORS]), max_size=2))
                ),
            ]
        },
        ahead=draw(st.sets(st.sampled_from(MONTHS_ENDS))),
        seed=draw(st.integers(0, 2**32)),
    )
    for _ in range(draw(st.integers(7, 12))):
        _draw_charge(draw, market)
    for _ in range(draw(st.integers(2, 5))):
        tick = draw(st.integers(0, LAST))
        kind, api = draw(st.sampled_from(["refund", "chargeback"])), draw(st.sampled_from(APIS))
        fact = _add(draw, market, kind, api, tick)
        if draw(st.booleans()):
            market.lost.add(fact.number)
    for half in range(len(HALVES)):
        acts = AHEAD_ACTS if half in market.ahead else ACTS
        market.acts[half] = draw(st.lists(acts, min_size=2, max_size=3))
    return market


def _draw_charge(draw: st.DrawFn, market: Market) -> None:
    """Draw a charge, and records that take from it and give back, never more than there is."""
    tick = draw(st.integers(0, LAST))
    charge = _add(draw, market, "charge", draw(st.sampled_from(APIS)), tick, at_most=900_00)
    taken = {"refund": 0, "chargeback": 0}
    for _ in range(draw(st.integers(1, 4))):
        tick += draw(st.integers(1, 2 * TICKS))
        left = charge.amount - sum(taken.values())
        may = {kind: left for kind in taken if left} | {
            kind: taken[of] for kind, of in UNDOES.items() if taken[of]
        }
        if tick > LAST:
            return
        kind = draw(st.sampled_from(sorted(may)))
        fact = _add(draw, market, kind, "", tick, charge=charge, at_most=may[kind])
        taken[UNDOES.get(kind, kind)] += -fact.amount if kind in UNDOES else fact.amount


def _add(
    draw: st.DrawFn,
    market: Market,
    kind: str,
    api: str,
    tick: int,
    *,
    charge: Fact | None = None,
    at_most: int = 0,
) -> Fact:
    amount = (
        draw(st.just(at_most) | st.integers(1, at_most) | st.integers(1, min(at_most, 9)))
        if at_most
        else draw(AMOUNTS)
    )
    fact = Fact(len(market.facts), kind, api, amount, instant(tick), charge)
    half = tick // TICKS
    shifts = [0, -1] if half - 1 in market.ahead else [0, 0, 0, 1]
    before = max(
        (market.known[other.number] for other in market.facts if charge in (other, other.charge)), default=0
    )
    market.facts.append(fact)
    market.known[fact.number] = max(
        before if charge else 0, min(half + draw(st.sampled_from(shifts)), len(HALVES) - 1)
    )
    market.words[fact.number] = draw(st.lists(st.sampled_from(USELESS), max_size=1))
    if _waits(market, fact):
        wrong = AMOUNTS.filter(lambda other: other != amount).map(lambda amount: {"amount": str(amount)})
        market.words[fact.number] += draw(st.lists(wrong, max_size=2))
    return fact


def _waits(market: Market, fact: Fact) -> bool:
    """Return whether the record can be made to wait, for its API or its charge."""
    known = market.known[fact.number]
    return known == (market.known[fact.charge.number] if fact.charge else 0)


class Arrival:
    """A random order in which a market arrives, drawn from the seed for each half."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._dice = random.Random(market.seed)
        self._names_owners = self._chance(0.5)

    def steps(self, half: int) -> Iterator[Registered | list[Record]]:
        """List the arrivals in order: catalogue messages and batches of records."""
        batch: list[Record] = []
        for step in self._in_order(half):
            if batch and (isinstance(step, Registered) or _corrects(step, batch) or self._chance(0.25)):
                yield batch
                batch = []
            if isinstance(step, Registered):
                yield step
            else:
                batch.append(step)
        if batch:
            yield batch

    def _in_order(self, half: int) -> list[Registered | Record]:
        """Have everything come at some moment, and whatever a wrong copy has to wait for after the right one."""
        timeline: list[tuple[float, Registered | Record]] = []
        not_before: dict[int | str, float] = defaultdict(float)
        for fact in reversed(self._market.facts):
            if self._market.known[fact.number] == half:
                words = self._shuffled(self._market.words[fact.number])
                *wrong, right = sorted(
                    self._moment(not_before[fact.number]) for _ in [*words, "the right one"]
                )
                timeline += zip(wrong, (self._record(fact) | word for word in words), strict=True)
                timeline.append((right, self._record(fact)))
                if any(word not in USELESS for word in words):
                    cause = fact.charge.number if fact.charge else fact.api
                    not_before[cause] = max(not_before[cause], right)
                if self._chance(0.3):
                    timeline.append((self._moment(right), self._record(fact)))
            elif self._market.known[fact.number] < half and self._chance(0.4):
                timeline.append((self._moment(), self._record(fact)))
        if half == 0:
            timeline += ((self._moment(not_before[api]), Registered(api)) for api in APIS)
        return [step for _, step in sorted(timeline, key=itemgetter(0))]

    def _record(self, fact: Fact) -> Record:
        return record(
            record_id=f"r-{fact.number}",
            kind=fact.kind,
            api_id=fact.api,
            creator_id=as_of(self._market.owners[fact.api], fact.at)
            if self._names_owners and fact.api
            else "",
            amount=str(fact.amount),
            occurred_at=fact.at.isoformat(),
            related_record_id=self._charge_of(fact),
        )

    def _charge_of(self, fact: Fact) -> str:
        if fact.number in self._market.lost:
            return f"{LOST}-{fact.number}"
        return f"r-{fact.charge.number}" if fact.charge else ""

    def somebody_may(self, *acts: Callable[[], object]) -> None:
        """Draw some of these acts, or none."""
        for act in acts:
            if self._chance(0.3):
                act()

    def _moment(self, after: float = 0) -> float:
        return self._dice.uniform(after, 1)

    def _chance(self, probability: float) -> bool:
        return self._dice.random() < probability

    def _shuffled(self, words: list[dict[str, str]]) -> list[dict[str, str]]:
        return self._dice.sample(words, len(words))


def _corrects(step: Record, batch: list[Record]) -> bool:
    """Return whether it is another copy of a record in the batch; within a batch, the first usable copy counts."""
    return any(step["record_id"] == other["record_id"] and step != other for other in batch)
