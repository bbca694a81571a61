"""When things happen: the month is set up, the storm breaks, everything settles. All chance comes from one seed."""

import math
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from pathlib import Path
from signal import SIGKILL, SIGQUIT

from django.core.management import call_command
from django.db import Error, connection
from kombu.exceptions import OperationalError
from stripe import StripeError

from database import sql
from tests.chaos.people import People
from tests.chaos.stage import WORKERS, Stage
from tests.chaos.trade import CUTOFF, SOURCE, Trade
from tests.chaos.weather import BANKS, RARE, WEATHER, WEBHOOKS
from tests.running import kill

# Requests per second to each of Stripe's endpoints, once the storm is over.
PACE = "100"
PAUSE_SECONDS = 1.5
SPELL_SECONDS = 6
# Time passes faster than it does, so that what is to be tried again is tried again in the storm; no lease ends early.
SECONDS_A_PAUSE = 45
# How often something happens, if not as often as anything else.
WEIGHTS = {
    "kills of workers": 4,
    "batches of refunds": 2,
    "ends of pauses": 4,
    "outages of hours": 0.7,
    "crashes of PostgreSQL": 0.7,
}
# What no storm goes without; thrown in its second half, if chance did not bring it before.
SURE = (
    "crashes of PostgreSQL",
    "crashes of Valkey",
    "kills of beat",
    "kills of the web",
    "more runs at once",
    "outages of hours",
)
# A slow machine sends little in the time that a storm has; it may last so many times as long.
LONGER = 3
LEFT_TO_DO = Path(__file__).parent / "left_to_do.sql"
HOUR = 3_600
# No request of a killed worker is under way in the local Stripe any more after this.
REQUESTS_END_SECONDS = 3
# While all settles the clock moves on by an hour first, as what returned is looked at each hour, and by ever more:
# what no bank takes is taken back after a month only.
STEPS_OF_ONE_LENGTH = 2
MOST_HOURS_A_STEP = 512
LEAST_STEPS = 3
MOST_STEPS = 100


class Conductor:
    """Throws a scenario at the stage, and counts what it did."""

    def __init__(self, stage: Stage, trade: Trade, chance: random.Random, folder: Path) -> None:
        self.did: Counter[str] = Counter()
        self._stage = stage
        self._trade = trade
        self._chance = chance
        self._folder = folder
        self.people = People(stage, trade, chance)
        self._runs: list[subprocess.Popen[bytes]] = []

    def set_up(self, *, storm_seconds: float) -> None:
        """Sell for a month and bring everyone to Stripe, with nothing going wrong yet."""
        service = self._stage.service
        catalog, month = self._folder / "catalog.csv", self._folder / "month.csv"
        self._trade.write_catalog(catalog)
        self._trade.write_month(month)
        service.manage("import_catalog", str(catalog))
        service.manage("add_source", SOURCE)
        service.manage("import_billing", str(month), "--source", SOURCE)
        self._stage.start("web")
        service.manage("onboard_creators")
        # Less than is owed; the rest comes when all settles.
        owed = sum(self._trade.gross.values()) * 8 // 10
        self._fund(owed * 2 // 3)
        # So slowly that there is something to send for as long as the storm lasts.
        pace = math.ceil(len(self._trade.creators) / storm_seconds)
        service.set(STRIPE_REQUESTS_PER_SECOND=str(pace))
        self._stage.start(*self._stage.parts)

    def storm(self, *, seconds: float) -> None:
        """Pay the month while everything goes wrong, and until half of it is on its way."""
        self._stage.stripe.raw_request("post", "/_sandbox/webhooks", rules=WEBHOOKS)
        self._stage.stripe.raw_request("post", "/_sandbox/payout_failures", rules=BANKS)
        self._run()
        self._run()
        begun = time.monotonic()
        spell_ends = 0.0
        while not self._is_over(begun, seconds):
            if time.monotonic() > spell_ends:
                self._change_weather()
                spell_ends = time.monotonic() + SPELL_SECONDS
            self._throw(late=time.monotonic() > begun + seconds / 2)
            self._sweep()
            self._stage.advance_clock(SECONDS_A_PAUSE)
            time.sleep(self._chance.uniform(0, 2 * PAUSE_SECONDS))

    def settle(self) -> None:
        """Let the weather clear and people mend what is theirs; then only let time pass."""
        for subject in ("webhooks", "payout_failures"):
            self._stage.stripe.raw_request("post", f"/_sandbox/{subject}", rules=[])
        self._stage.stripe.raw_request("delete", "/_sandbox/faults")
        # At an ordinary pace again, which a part reads when it starts.
        self._stage.kill(*self._stage.parts)
        self._stage.service.set(STRIPE_REQUESTS_PER_SECOND=PACE)
        self._stage.start(*self._stage.parts)
        for run in self._runs:
            run.wait()
        connection.close()
        self.people.mend()
        self._fund(2 * sum(self._trade.gross.values()))
        self._let_time_pass()
        self._reconcile()
        self.people.mend()
        self._let_time_pass()
        self._stage.service.manage("run_payouts", "--now", f"{CUTOFF}T00:00:00Z")
        self._let_time_pass()
        self._reconcile()

    def _is_over(self, begun: float, seconds: float) -> bool:
        passed = time.monotonic() - begun
        if passed < seconds:
            return False
        return passed > LONGER * seconds or (self._half_is_sent() and all(self.did[name] for name in SURE))

    def _half_is_sent(self) -> bool:
        """Tell whether half of what all creators are owed is on its way; runs that were killed made no payouts yet."""
        with suppress(Error):
            made = sql.rows("SELECT count(*) FILTER (WHERE stripe_transfer_id <> '') AS sent FROM payouts")
            return all(row["sent"] * 2 >= len(self._trade.creators) for row in made)
        return False

    def _throw(self, *, late: bool) -> None:
        acts: dict[str, Callable[[], bool]] = {
            "kills of workers": self._kill_worker,
            "kills of beat": lambda: self._kill("beat"),
            "kills of the web": lambda: self._kill("web"),
            "crashes of PostgreSQL": self._crash_postgres,
            "crashes of Valkey": self._crash_valkey,
            "emptyings of Valkey": self._empty_valkey,
            "steps of the clock": self._step_clock,
            "outages of hours": self._be_away,
            "more runs at once": self._run,
            **self.people.acts,
        }
        missing = [name for name in SURE if not self.did[name]] if late else []
        chosen = missing or list(acts)
        name = self._chance.choices(chosen, [WEIGHTS.get(name, 1) for name in chosen])[0]
        connection.close()  # it may be one to a database that crashed
        # The database may be down for whoever acts, or Stripe refuse it: then the act didn't happen, as for anybody.
        with suppress(Error, subprocess.SubprocessError, StripeError):
            if acts[name]():
                self.did[name] += 1
        self._stage.start(*self._stage.parts)

    def _change_weather(self) -> None:
        often = [RARE.get(name, 1) for name in WEATHER]
        spells = self._chance.choices(list(WEATHER), often, k=self._chance.choice((1, 1, 2)))
        self._stage.service.inject(*(rule for spell in dict.fromkeys(spells) for rule in WEATHER[spell]))
        self.did["spells of bad weather"] += 1

    def _kill_worker(self) -> bool:
        self._stage.kill(f"worker {self._chance.choice(WORKERS)}")
        return True

    def _kill(self, part: str) -> bool:
        self._stage.kill(part)
        return True

    def _crash_postgres(self) -> bool:
        self._stage.crash_postgres(self._chance.choice((SIGKILL, SIGQUIT)))
        return True

    def _crash_valkey(self) -> bool:
        self._stage.crash_valkey()
        return True

    def _empty_valkey(self) -> bool:
        self._stage.empty_valkey()
        return True

    def _step_clock(self) -> bool:
        self._stage.advance_clock(self._chance.choice((5, 70, 300)))
        return True

    def _be_away(self) -> bool:
        """Have all workers die, and come back so late that leases, keys or proofs of absence have run out.

        Nothing may be under way when the clock jumps: a request that lasts for hours is no chaos but a fairy tale.
        """
        self._stage.kill(*(f"worker {name}" for name in WORKERS))
        time.sleep(REQUESTS_END_SECONDS)
        self._stage.advance_clock(self._chance.choice((2 * HOUR, 26 * HOUR)))
        return True

    def _run(self) -> bool:
        """Make the month's run once more, in a process that may be killed in the middle."""
        run = self._stage.service.start("manage.py", "run_payouts", "--now", f"{CUTOFF}T00:00:00Z")
        self._runs.append(run)
        if self._chance.random() < 0.3:
            time.sleep(self._chance.uniform(1, 3))
            kill(run)
            self.did["kills of runs"] += 1
        return True

    def _reconcile(self) -> None:
        """Do what is done each night; what can be mended is, and what is left is the verdict's to read."""
        self._stage.advance_clock(HOUR)
        with suppress(SystemExit):
            call_command("reconcile", stdout=StringIO())

    def _fund(self, cents: int) -> None:
        self._stage.stripe.raw_request("post", "/_sandbox/fund", amount=cents, currency="usd")

    def _sweep(self) -> None:
        """Do what beat does each minute: nobody has that much time here."""
        with suppress(OperationalError):
            for task in ("payouts.sweep", "stripe_io.sweep_inbox", "accounts.lift_expired_holds"):
                self._stage.service.send(task)

    def _let_time_pass(self) -> None:
        """Wait while anything is being done; when all is quiet, move the clock on, until nothing is left to do."""
        last: object = None
        steps = 0
        while steps < MOST_STEPS:
            self._sweep()
            time.sleep(1)
            doings = self._doings()
            if doings != last:
                last = doings
                continue
            steps += 1
            if steps > LEAST_STEPS and not _left_to_do():
                return
            self._stage.advance_clock(HOUR * min(2 ** (steps // STEPS_OF_ONE_LENGTH), MOST_HOURS_A_STEP))

    def _doings(self) -> object:
        """Count all that changes while anything is being done."""
        asked = self._stage.ask_stripe("requests")
        told = sql.rows("SELECT count(*) AS events, count(handled_at) AS handled FROM stripe_inbox")
        return [count for route, count in asked.items() if "_sandbox" not in route], told


def _left_to_do() -> bool:
    """Tell whether the service itself means to do something yet, and no person has to do something first."""
    return bool(list(sql.rows(f"SELECT FROM ({LEFT_TO_DO.read_text()}) AS left_to_do LIMIT 1")))
