"""The order of events: set up the month, let the storm rage, let everything settle. One seed decides all chance."""

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
from tests.chaos.weather import ARRIVALS, BANKS, RARE, WEATHER, WEBHOOKS
from tests.running import kill

# Requests per second to each of Stripe's endpoints, once the storm is over.
PACE = "100"
PAUSE_SECONDS = 1.5
SPELL_SECONDS = 6
# Time passes faster than in reality, so that retries happen during the storm; but no lease ends early.
SECONDS_A_PAUSE = 45
# Relative frequencies of acts, if not 1.
WEIGHTS = {
    "kills of workers": 4,
    "batches of refunds": 2,
    "ends of pauses": 4,
    "recoveries": 4,
    "restores of the backup": 0.3,
    "outages of hours": 0.7,
    "crashes of PostgreSQL": 0.7,
}
# Acts that every storm has. If they didn't happen by chance, they happen in its second half.
SURE = (
    "crashes of PostgreSQL",
    "crashes of Valkey",
    "kills of beat",
    "kills of the web",
    "more runs at once",
    "outages of hours",
    "restores of the backup",
)
# A storm can last this many times as long, because a slow machine sends little in its time.
LONGER = 3
_RULES = {"webhooks": WEBHOOKS, "payout_failures": BANKS, "arrivals": ARRIVALS}
LEFT_TO_DO = Path(__file__).parent / "left_to_do.sql"
HOUR = 3_600
# After this time, the local Stripe has finished all requests of a killed worker.
REQUESTS_END_SECONDS = 3
# While everything settles, the clock advances by an hour at first, because returned payouts are checked each hour, and
# then by ever more: money that no bank accepts is reversed only after a month.
STEPS_OF_ONE_LENGTH = 2
MOST_HOURS_A_STEP = 512
LEAST_STEPS = 3
MOST_STEPS = 100
# At the end: two pay what came back, and the last pays nobody.
MOST_RUNS = 3


class Conductor:
    """Plays a scenario on the stage, and counts its acts."""

    def __init__(self, stage: Stage, trade: Trade, chance: random.Random, folder: Path) -> None:
        self.did: Counter[str] = Counter()
        self._stage = stage
        self._trade = trade
        self._chance = chance
        self._folder = folder
        self.people = People(stage, trade, chance)
        self._runs: list[subprocess.Popen[bytes]] = []
        self._backed_up = False

    def set_up(self, *, storm_seconds: float) -> None:
        """Sell for a month and onboard everyone at Stripe, with nothing going wrong yet."""
        service = self._stage.service
        catalog, month = self._folder / "catalog.csv", self._folder / "month.csv"
        self._stage.start("web")
        # Half of the creators have accounts of one API of Stripe, and half of the other.
        half = len(self._trade.creators) // 2
        for api, creators in (("v1", self._trade.creators[:half]), ("v2", self._trade.creators[half:])):
            self._trade.write_catalog(catalog, creators)
            service.manage("import_catalog", str(catalog))
            service.set(STRIPE_ACCOUNTS=api)
            service.manage("onboard_creators")
        self._trade.write_month(month)
        service.manage("add_source", SOURCE)
        service.manage("import_billing", str(month), "--source", SOURCE)
        # Less than is owed; the rest is added when everything settles.
        owed = sum(self._trade.gross.values()) * 8 // 10
        self._fund(owed * 2 // 3)
        # Slowly enough that sending takes as long as the storm.
        pace = math.ceil(len(self._trade.creators) / storm_seconds)
        service.set(STRIPE_REQUESTS_PER_SECOND=str(pace))
        self._stage.start(*self._stage.parts)

    def storm(self, *, seconds: float) -> None:
        """Pay the month while everything goes wrong, until at least half of it is sent."""
        for subject, rules in _RULES.items():
            self._stage.stripe.raw_request("post", f"/_sandbox/{subject}", rules=rules)
        self._run()
        self._run()
        begun = time.monotonic()
        spell_ends = 0.0
        while not self._is_over(begun, seconds):
            if not self._backed_up and time.monotonic() > begun + seconds / 4:
                self._back_up()
            if time.monotonic() > spell_ends:
                self._change_weather()
                spell_ends = time.monotonic() + SPELL_SECONDS
            self._throw(late=time.monotonic() > begun + seconds / 2)
            self._sweep()
            self._stage.advance_clock(SECONDS_A_PAUSE)
            time.sleep(self._chance.uniform(0, 2 * PAUSE_SECONDS))

    def settle(self) -> None:
        """Clear the weather and let people fix what only they can; then just let time pass."""
        for subject in _RULES:
            self._stage.stripe.raw_request("post", f"/_sandbox/{subject}", rules=[])
        self._stage.stripe.raw_request("delete", "/_sandbox/faults")
        # Restore the normal rate limit, which each part reads when it starts.
        self._stage.kill(*self._stage.parts)
        self._stage.service.set(STRIPE_REQUESTS_PER_SECOND=PACE)
        self._stage.start(*self._stage.parts)
        for run in self._runs:
            run.wait()
        connection.close()
        self.people.repair()
        self._fund(2 * sum(self._trade.gross.values()))
        self._let_time_pass()
        self._reconcile()
        self.people.repair()
        self._let_time_pass()
        self._pay_the_rest()
        self._reconcile()

    def _pay_the_rest(self) -> None:
        """Make the month's run again until it pays nobody: what a run paid may come back after it."""
        for _ in range(MOST_RUNS):
            before = _payouts()
            self._stage.service.manage("run_payouts", "--now", f"{CUTOFF}T00:00:00Z")
            self._let_time_pass()
            if _payouts() == before:
                return

    def _is_over(self, begun: float, seconds: float) -> bool:
        passed = time.monotonic() - begun
        if passed < seconds:
            return False
        return passed > LONGER * seconds or (self._half_is_sent() and all(self.did[name] for name in SURE))

    def _half_is_sent(self) -> bool:
        """Check whether half of the payouts are sent; killed runs may not have made them yet."""
        with suppress(Error):
            made = sql.rows("SELECT count(*) FILTER (WHERE stripe_transfer_id <> '') AS sent FROM payouts")
            return all(row["sent"] * 2 >= len(self._trade.creators) for row in made)
        return False

    def _throw(self, *, late: bool) -> None:
        acts: dict[str, Callable[[], bool]] = {
            "kills of workers": self._kill_worker,
            "kills of beat": lambda: self._kill("beat"),
            "kills of the web": self._kill_web,
            "crashes of PostgreSQL": self._crash_postgres,
            "crashes of Valkey": self._crash_valkey,
            "emptyings of Valkey": self._empty_valkey,
            "steps of the clock": self._step_clock,
            "outages of hours": self._be_away,
            "restores of the backup": self._restore,
            "more runs at once": self._run,
            **self.people.acts,
        }
        missing = [name for name in SURE if not self.did[name]] if late else []
        chosen = missing or list(acts)
        name = self._chance.choices(chosen, [WEIGHTS.get(name, 1) for name in chosen])[0]
        connection.close()  # the database may have crashed
        # The database may be down, or Stripe may refuse the act: then it just didn't happen.
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

    def _kill_web(self) -> bool:
        """Kill the web process, which then opens accounts by either API."""
        self._stage.service.set(STRIPE_ACCOUNTS=self._chance.choice(("v1", "v2")))
        return self._kill("web")

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
        """Kill all workers, and restart them so late that leases, keys or proofs of absence have expired.

        No request may be in progress when the clock jumps: requests that take hours aren't realistic.
        """
        self._stage.kill(*(f"worker {name}" for name in WORKERS))
        time.sleep(REQUESTS_END_SECONDS)
        self._stage.advance_clock(self._chance.choice((2 * HOUR, 26 * HOUR)))
        return True

    def _back_up(self) -> None:
        self._halt()
        self._stage.back_up()
        self._backed_up = True
        self._stage.start(*self._stage.parts)

    def _restore(self) -> bool:
        """Lose what was done since the backup. Billing sends its records again; staff recover when they come to it."""
        if not self._backed_up:
            return False
        self._halt()
        self._stage.restore()
        self.people.push_again()
        return True

    def _halt(self) -> None:
        """Kill everything that is connected to the database."""
        self._stage.kill(*self._stage.parts)
        for run in self._runs:
            kill(run)
        connection.close()

    def _run(self) -> bool:
        """Make the month's run again, in a process that may be killed halfway."""
        run = self._stage.service.start("manage.py", "run_payouts", "--now", f"{CUTOFF}T00:00:00Z")
        self._runs.append(run)
        if self._chance.random() < 0.3:
            time.sleep(self._chance.uniform(1, 3))
            kill(run)
            self.did["kills of runs"] += 1
        return True

    def _reconcile(self) -> None:
        """Do the nightly reconciliation; the verdict reads the differences that are left."""
        self._stage.advance_clock(HOUR)
        with suppress(SystemExit):
            call_command("reconcile", stdout=StringIO())

    def _fund(self, cents: int) -> None:
        self._stage.stripe.raw_request("post", "/_sandbox/fund", amount=cents, currency="usd")

    def _sweep(self) -> None:
        """Send the tasks that beat sends each minute, which would take too long here."""
        with suppress(OperationalError):
            for task in ("payouts.sweep", "stripe_io.sweep_inbox", "accounts.lift_expired_holds"):
                self._stage.service.send(task)

    def _let_time_pass(self) -> None:
        """Wait until nothing changes, then advance the clock; repeat until nothing is left to do."""
        last: object = None
        steps = 0
        while steps < MOST_STEPS:
            self._sweep()
            time.sleep(1)
            activity = self._activity()
            if activity != last:
                last = activity
                continue
            steps += 1
            if steps > LEAST_STEPS and not _left_to_do():
                return
            self._stage.advance_clock(HOUR * min(2 ** (steps // STEPS_OF_ONE_LENGTH), MOST_HOURS_A_STEP))

    def _activity(self) -> object:
        """Count requests and events, which change while anything is being done."""
        requests = self._stage.ask_stripe("requests")
        events = sql.rows("SELECT count(*) AS events, count(handled_at) AS handled FROM stripe_inbox")
        return [count for route, count in requests.items() if "_sandbox" not in route], events


def _payouts() -> int:
    """Count the payouts that were ever made."""
    (row,) = sql.rows("SELECT count(*) AS number FROM payouts")
    number: int = row["number"]
    return number


def _left_to_do() -> bool:
    """Check whether the service still has something to do that doesn't wait for a person."""
    return bool(list(sql.rows(f"SELECT FROM ({LEFT_TO_DO.read_text()}) AS left_to_do LIMIT 1")))
