"""The true marketplace: a model in plain Python that is independent of the order of arrival."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

GIVES = {"charge": 1, "refund": -1, "chargeback": -1, "refund_reversal": 1, "chargeback_reversal": 1}
MINIMUM = 25_00
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact:
    """A charge, or what was taken or given back: of the charge that it names, or of an API."""

    number: int
    kind: str
    api: str
    amount: int
    at: datetime
    charge: "Fact | None" = None


@dataclass(slots=True)
class Row:
    """What one creator earned from one API in one month at one rate, until a payout claims it.

    A correction is a row without an API.
    """

    creator: str
    api: str
    month: date
    bps: int
    gross: int = 0
    is_closed: bool = False
    is_claimed: bool = False

    @property
    def fee(self) -> int:
        """The platform's share, half a cent rounded away from zero."""
        share = (2 * abs(self.gross) * self.bps + 10_000) // 20_000
        return share if self.gross > 0 else -share

    @property
    def net(self) -> int:
        return self.gross - self.fee


@dataclass(slots=True)
class WrittenOff:
    """What was given up of a creator's debts in all, and how much of it what they earned since the last time undoes.

    When a debt is given up, nothing of a later month than the next run's may be known.
    """

    given_up: int = 0
    undone_before: int = 0
    earned_since: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    claimed: int = 0

    def undone(self, month: date) -> int:
        """Return how much what was earned up to the end of the month undoes."""
        earned = sum(amount for earned_in, amount in self.earned_since.items() if earned_in <= month)
        return min(self.given_up, max(0, self.undone_before + earned))

    def unclaimed(self, month: date) -> int:
        """Return how much of what is given up and not undone by then is in no payout yet."""
        return self.given_up - self.undone(month) - self.claimed

    def give_up(self, debt: int) -> None:
        self.undone_before = self.undone(date.max)
        self.earned_since.clear()
        self.given_up += debt


@dataclass(frozen=True, slots=True)
class Paid:
    rows: list[Row]
    written_off: int


@dataclass(slots=True)
class Truth:
    """The model, called in the true order. The default rate is that of the API ""."""

    owners: dict[str, list[tuple[datetime, str]]]
    rates: dict[str, list[tuple[datetime, int]]]
    rows: list[Row] = field(default_factory=list)
    written_off: dict[str, WrittenOff] = field(default_factory=lambda: defaultdict(WrittenOff))
    paid: dict[str, list[Paid]] = field(default_factory=lambda: defaultdict(list))

    def happen(self, fact: Fact) -> None:
        """Add a fact to the month that it is of; what names a charge goes to who owned it, at the rate of then."""
        sold = fact.charge or fact
        creator = as_of(self.owners[sold.api], sold.at)
        assert creator
        rates = (as_of(self.rates.get(whose, []), sold.at) for whose in (sold.api, creator, ""))
        bps = next(rate for rate in rates if rate is not None)
        row = self._open_row(creator, sold.api, fact.at.date().replace(day=1), bps)
        before = row.net
        row.gross += GIVES[fact.kind] * fact.amount
        self.written_off[creator].earned_since[row.month] += row.net - before

    def correct(self, creator: str, amount: int, *, at: datetime, counts_as_earned: bool) -> None:
        month = at.date().replace(day=1)
        self.rows.append(Row(creator, "", month, 0, amount, is_closed=True))
        if counts_as_earned or amount < 0:
            self.written_off[creator].earned_since[month] += amount

    def write_off(self, creator: str) -> int:
        """Give up what the creator owes, if they do; return how much."""
        debt = max(0, -self.owed(creator))
        if debt:
            self.written_off[creator].give_up(debt)
        return debt

    def run(self, creator: str, month: date) -> int:
        """Pay what was earned up to the end of the month, less later debts, if it is enough.

        Return how much it is: 0 if nothing was earned by then.
        """
        rows = [row for row in self._unclaimed(creator) if row.month <= month or row.net < 0]
        if not any(row.month <= month for row in rows):
            return 0
        written_off = self.written_off[creator].unclaimed(month)
        payable = sum(row.net for row in rows) + written_off
        if payable >= MINIMUM:
            self.paid[creator].append(Paid(rows, written_off))
            self.written_off[creator].claimed += written_off
            for row in rows:
                row.is_closed = row.is_claimed = True
        return payable

    def cancel(self, creator: str) -> bool:
        """Have the last payout of this creator give back what it claimed; say whether there was one."""
        if not self.paid[creator]:
            return False
        cancelled = self.paid[creator].pop()
        self.written_off[creator].claimed -= cancelled.written_off
        for row in cancelled.rows:
            row.is_claimed = False
        return True

    def earned(self, creator: str) -> tuple[int, int, int]:
        """Return gross, fee and net of all that was sold for the creator."""
        rows = [row for row in self.rows if row.creator == creator and row.api]
        return sum(row.gross for row in rows), sum(row.fee for row in rows), sum(row.net for row in rows)

    def owed(self, creator: str) -> int:
        return sum(row.net for row in self._unclaimed(creator)) + self.written_off[creator].unclaimed(
            date.max
        )

    def _unclaimed(self, creator: str) -> list[Row]:
        return [row for row in self.rows if row.creator == creator and not row.is_claimed]

    def _open_row(self, creator: str, api: str, month: date, bps: int) -> Row:
        for row in self.rows:
            if not row.is_closed and (row.creator, row.api, row.month, row.bps) == (creator, api, month, bps):
                return row
        self.rows.append(Row(creator, api, month, bps))
        return self.rows[-1]


def as_of(values: list[tuple[datetime, T]], at: datetime) -> T | None:
    """Return the last value that has begun by then."""
    return next((value for since, value in reversed(values) if since <= at), None)
