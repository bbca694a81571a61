"""Which programs a clone runs, and with which variables."""

import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from celery import Celery
from kombu.exceptions import OperationalError

from . import environment, ports
from .errors import LocalError, PortTaken
from .postgres import Postgres
from .programs import Command, Program
from .valkey import Valkey

DEFAULT_PORT = 8086
HIGHEST_PORT = 65_535
# The web's pool has one database connection for each of these threads.
WEB = {"GRANIAN_WORKERS": "2", "GRANIAN_BLOCKING_THREADS": "16"}
WORKERS = {
    # Sending mostly waits for Stripe, so it uses many threads in one process.
    "payouts": ("payouts", 24),
    "default": ("earnings,reports,webhooks", 4),
}
# Your own database needs your own secrets: one variable of each line is required.
NEEDED_WITH_OWN_DATABASE = (
    ("STRIPE_SECRET_KEY",),
    ("STRIPE_WEBHOOK_SECRET",),
    ("SECRET_KEY",),
    ("JWT_JWKS_URL", "JWT_SECRET"),
)


@dataclass(frozen=True)
class Clone:
    """A checkout of the project, and the paths of its local mode."""

    root: Path

    @property
    def directory(self) -> Path:
        """The folder for everything that local mode writes; it can be deleted while nothing runs."""
        return self.root / ".local"

    @property
    def logs(self) -> Path:
        """The folder with a log per program."""
        return self.directory / "log"

    @property
    def env_file(self) -> Path:
        """The file with the variables that the settings read."""
        return self.directory / "env"


@dataclass(frozen=True)
class Stack:
    """What to run: first the servers one by one, then the migration, then the service's programs together."""

    servers: Sequence[Program]
    migration: Command
    service: Sequence[Program]


def prepare(clone: Clone, outside: Mapping[str, str]) -> Stack:
    """Choose ports, create empty servers where needed and write `.local/env`, without starting anything.

    `outside` is the user's environment. A server is embedded only if its URL isn't set there. The sandbox replaces
    Stripe exactly if the database is embedded.

    Raises:
        LocalError: a variable is missing or can't be used, or the web's port is taken.
    """
    port = web_port(outside)
    own_database = environment.is_given(outside, "DATABASE_URL")
    if own_database:
        refuse_incomplete(outside)
    if not ports.frees_up(port):
        raise PortTaken(port)
    variables = {"PORT": str(port)}
    servers = []
    stripe_port = None
    if not own_database:
        stripe_port = ports.kept_port(clone.directory / "sandbox.port")
        variables |= _sandboxed(clone, environment.addresses(web_port=port, stripe_port=stripe_port))
        url, program = Postgres(clone.directory / "postgres", log=clone.logs / "postgres.log").prepare()
        variables["DATABASE_URL"] = url
        servers.append(program)
        if environment.is_given(outside, "JWT_JWKS_URL"):
            del variables["JWT_SECRET"]
        if environment.is_given(outside, "CREATOR_PORTAL_URL"):
            del variables["CREATOR_PORTAL_URL"]
    if not environment.is_given(outside, "REDIS_URL"):
        url, program = Valkey(clone.directory / "valkey", log=clone.logs / "valkey.log").prepare()
        variables["REDIS_URL"] = url
        if not own_database and not environment.is_given(outside, "CELERY_BROKER_URL"):
            variables["CELERY_BROKER_URL"] = url
        servers.append(program)
    variables |= {name: outside.get(name, default) for name, default in WEB.items()}
    environment.write_env_file(clone.env_file, variables)
    programs = _Programs(clone, {**environment.for_service(outside), **variables, "PYTHONUNBUFFERED": "1"})
    return Stack(servers=servers, migration=programs.migration(), service=programs.service(port, stripe_port))


def web_port(outside: Mapping[str, str]) -> int:
    """Return the web's port."""
    value = outside.get("PORT", str(DEFAULT_PORT))
    if not value.isdigit() or not 0 < int(value) <= HIGHEST_PORT:
        raise LocalError(f"PORT must be a whole number from 1 to {HIGHEST_PORT}, not {value!r}.")
    return int(value)


def refuse_incomplete(outside: Mapping[str, str]) -> None:
    """Refuse your own database without your own secrets: the sandbox's must not be used with it."""
    missing = [
        " or ".join(names)
        for names in NEEDED_WITH_OWN_DATABASE
        if not any(environment.is_given(outside, name) for name in names)
    ]
    if missing:
        raise LocalError(f"DATABASE_URL is set, so these must be set too: {', '.join(missing)}.")


def _sandboxed(clone: Clone, addresses: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the sandbox, with the same secrets at each start."""
    known = environment.read_env_file(clone.env_file)
    kept = {name: known.get(name, value) for name, value in environment.new_secrets().items()}
    return {environment.LOCAL_MODE: "1", **kept, **addresses}


@dataclass(frozen=True)
class _Programs:
    """The service's own processes, all with the same environment."""

    clone: Clone
    environment: Mapping[str, str]

    def migration(self) -> Command:
        return Command(
            name="migrate",
            arguments=self._python("manage.py", "migrate", "--no-input"),
            environment=self.environment,
            directory=self.clone.directory,
            working_directory=self.clone.root,
            log=self.clone.logs / "migrate.log",
        )

    def service(self, port: int, stripe_port: int | None) -> list[Program]:
        programs = [self._sandbox(port, stripe_port)] if stripe_port else []
        return [*programs, self._web(port), *(self._worker(name) for name in WORKERS), self._beat()]

    def _sandbox(self, port: int, stripe_port: int) -> Program:
        return self._program(
            "sandbox",
            self._python(
                *("manage.py", "sandbox", "--port", str(stripe_port)),
                *("--state", str(self.clone.directory / "sandbox")),
                *("--webhook", f"http://{ports.LOOPBACK}:{port}/webhooks/stripe"),
            ),
            obstacle=lambda: silence(stripe_port, "/"),
        )

    def _web(self, port: int) -> Program:
        return self._program(
            "web",
            self._python(
                *("-m", "granian", "--interface", "wsgi", "--host", ports.LOOPBACK, "--port", str(port)),
                "payouts_project.wsgi:application",
            ),
            obstacle=lambda: silence(port, "/health"),
            # It has its own processes to stop.
            death_signal=signal.SIGTERM,
        )

    def _worker(self, name: str) -> Program:
        queues, threads = WORKERS[name]
        return self._program(
            f"worker-{name}",
            self._celery(
                *("worker", "--queues", queues, "--pool", "threads", "--concurrency", str(threads)),
                *("--hostname", f"{name}@%h", "--without-gossip", "--without-mingle", "--loglevel", "INFO"),
            ),
            obstacle=lambda: self._idleness(f"{name}@{socket.gethostname()}"),
        )

    def _beat(self) -> Program:
        return self._program("beat", self._celery("beat", "--loglevel", "INFO"), obstacle=lambda: "")

    def _program(
        self,
        name: str,
        arguments: tuple[str, ...],
        *,
        obstacle: Callable[[], str],
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> Program:
        return Program(
            name=name,
            arguments=arguments,
            environment=self.environment,
            directory=self.clone.directory,
            working_directory=self.clone.root,
            log=self.clone.logs / f"{name}.log",
            obstacle=obstacle,
            death_signal=death_signal,
        )

    def _celery(self, *arguments: str) -> tuple[str, ...]:
        return self._python("-m", "celery", "--app", "payouts_project", *arguments)

    def _python(self, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, *arguments)

    def _idleness(self, node: str) -> str:
        """Return why a worker accepts no tasks; an empty text if it does."""
        name = "CELERY_BROKER_URL" if self.environment.get("CELERY_BROKER_URL") else "REDIS_URL"
        broker = self.environment.get(name)
        with Celery(broker=broker, set_as_current=False) as app:
            app.conf.broker_transport_options = {"max_retries": 0, "socket_connect_timeout": 2}
            try:
                answered = app.control.ping(destination=[node], timeout=0.3)
            except OperationalError as error:
                return f"the broker that {name} names can't be reached: {error}"
        return "" if answered else "it takes no tasks yet"


def silence(port: int, path: str) -> str:
    """Return why a server on `port` isn't ready; an empty text if it answers with anything but a 5xx."""
    connection = HTTPConnection(ports.LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"port {port} does not answer: {error}"
    finally:
        connection.close()
    return f"it answers {status} to {path}" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
