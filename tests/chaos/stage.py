"""The whole service as processes that can be killed: servers, a local Stripe, web, workers, beat."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import django
import psycopg
import redis
import stripe
from django.core.management import call_command

from payouts_project.local import environment, leftovers
from payouts_project.local.errors import ProgramFailed
from payouts_project.local.ports import free_port
from payouts_project.local.postgres import DATABASE, THROWAWAY_SETTINGS, Postgres
from payouts_project.local.testing import Servers
from payouts_project.local.valkey import Valkey
from sandbox.config import Config
from sandbox.server import SandboxServer
from tests.databases import Databases
from tests.running import RunningService, kill

WORKERS = ("one", "two", "three")
# Each takes some seconds.
STARTS_TRIED = 10
CLOCK = Path(__file__).parent / "clock.sql"
ADMIN_DATABASE, BACKUP = "postgres", "backup"
# The service sets the search path of its connections, unless the URL has one.
CLOCK_FIRST = "?options=-csearch_path%3Dpublic,pg_catalog"


class Stage:
    """The running parts by name: each can be killed, and restarted as a supervisor would."""

    def __init__(
        self, service: RunningService, postgres: Postgres, valkey: Valkey, database_url: str
    ) -> None:
        self.service = service
        self.stripe = service.stripe
        self._postgres = postgres
        self._valkey = valkey
        self._database_url = database_url
        self._starts: dict[str, Callable[[], subprocess.Popen[bytes]]] = {
            "web": service.start_web,
            "beat": service.start_beat,
            **{f"worker {name}": partial(service.start_worker, name) for name in WORKERS},
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._databases = Databases(database_url.removesuffix(DATABASE) + ADMIN_DATABASE)
        self._ahead = 0

    @property
    def parts(self) -> list[str]:
        return list(self._starts)

    def start(self, *parts: str) -> None:
        """Start those parts that aren't running."""
        for part in parts:
            if part not in self._running or self._running[part].poll() is not None:
                self._running[part] = self._starts[part]()

    def kill(self, *parts: str) -> None:
        for part in parts:
            kill(self._running[part])

    def crash_postgres(self, how: signal.Signals) -> None:
        """Crash the database (SIGKILL, or SIGQUIT: its emergency stop), and start it again.

        Backends that were executing a statement end after their server, and until then no other server can start.
        """
        assert self._postgres.pid
        os.kill(self._postgres.pid, how)
        for _ in range(STARTS_TRIED - 1):
            with suppress(ProgramFailed):
                self._postgres.start()
                return
        self._postgres.start()

    def crash_valkey(self) -> None:
        assert self._valkey.pid
        os.kill(self._valkey.pid, signal.SIGKILL)
        self._valkey.start()

    def empty_valkey(self) -> None:
        with closing(redis.Redis.from_url(os.environ["REDIS_URL"])) as client:
            client.flushall()

    def back_up(self) -> None:
        """Copy the database; nothing else may be connected to it."""
        self._databases.copy(DATABASE, BACKUP)

    def restore(self) -> None:
        """Lose the database, and put the backup in its place. The time goes on, and so does Stripe."""
        self._databases.copy(BACKUP, DATABASE)
        self._set_clock()

    def advance_clock(self, seconds: int) -> None:
        """Advance the clocks of the database and of Stripe; ours first, so that no event is from the future."""
        self._ahead += seconds
        self._set_clock()
        self.stripe.raw_request("post", "/_sandbox/clock", advance=seconds)

    def _set_clock(self) -> None:
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            connection.execute("UPDATE moved_clock SET ahead = %s * interval '1 second'", [self._ahead])

    def ask_stripe(self, part: str) -> Any:
        """Read one part of the local Stripe's state."""
        return self.stripe.raw_request("get", "/_sandbox/state", only=[part]).data[part]


@contextmanager
def stage(*, seed: int, settle_seconds: float) -> Iterator[Stage]:
    """Run the servers and the sandbox in a new folder, and point this process's environment at them."""
    plain = environment.for_demo_and_tests(os.environ)
    os.environ.clear()
    os.environ.update(plain)
    with tempfile.TemporaryDirectory(prefix="payouts-chaos-") as name:
        folder = Path(name)
        postgres = Postgres(folder / "postgres", settings=THROWAWAY_SETTINGS)
        valkey = Valkey(folder / "valkey")
        try:
            servers = Servers(postgres.start(), valkey.start())
            _install_clock(servers.database_url)
            port = free_port()
            variables = servers.variables() | {
                "DATABASE_URL": servers.database_url + CLOCK_FIRST,
                "STRIPE_REQUESTS_PER_SECOND": "100",
                "CELERY_BROKER_URL": servers.redis_url,
                "CELERY_VISIBILITY_TIMEOUT": "30",
                "LOG_LEVEL": "WARNING",
                "CELERY_SKIP_CHECKS": "1",  # they would check the code at each start of a worker
            }
            config = Config(
                state=folder / "stripe",
                api_key=variables["STRIPE_SECRET_KEY"],
                webhook_url=f"http://127.0.0.1:{port}/webhooks/stripe",
                webhook_secrets=(
                    variables["STRIPE_WEBHOOK_SECRET"],
                    variables["STRIPE_CONNECT_WEBHOOK_SECRET"],
                ),
                thin_secrets=(variables["STRIPE_THIN_WEBHOOK_SECRET"],),
                payout_seconds=1,
                settle_seconds=settle_seconds,
                seed=seed,
            )
            with SandboxServer(config) as sandbox:
                variables["STRIPE_API_BASE"] = sandbox.url
                os.environ.update(variables | {leftovers.MARK: str(folder)})
                os.environ["DJANGO_SETTINGS_MODULE"] = "payouts_project.settings"
                django.setup()
                call_command("migrate", verbosity=0)
                client = stripe.StripeClient(config.api_key, base_addresses={"api": sandbox.url})
                service = RunningService(dict(os.environ), port, client, folder)
                try:
                    yield Stage(service, postgres, valkey, servers.database_url)
                finally:
                    service.stop()
        finally:
            valkey.stop()
            postgres.stop()


def _install_clock(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(CLOCK.read_bytes())
