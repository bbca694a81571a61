"""The process that runs throwaway servers for as long as its parent lives.

It prints one line of JSON when they are ready, or the reason why they can't start. It stops when its standard input
ends, however that happens: its parent holds the other end.
"""

import json
import os
import select
import signal
import sys
import tempfile
from pathlib import Path

from .errors import LocalError
from .postgres import THROWAWAY_SETTINGS, Postgres
from .valkey import Valkey

POLL_SECONDS = 1


def keep() -> None:
    """Start the servers, wait until the parent is finished or gone, and stop them.

    Raises: LocalError: they can't be started.
    """
    # The keeper must outlive its parent for a moment, so it ignores signals that are sent to both.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    parent = os.getppid()
    with tempfile.TemporaryDirectory(prefix="payouts-") as name:
        directory = Path(name)
        postgres = Postgres(directory / "postgres", bin_dir=_other_bin_dir(), settings=THROWAWAY_SETTINGS)
        valkey = Valkey(directory / "valkey")
        try:
            _tell({"database_url": postgres.start(), "redis_url": valkey.start()})
            # A process forked by the parent may keep the pipe open after the parent has died.
            while os.getppid() == parent and not select.select([sys.stdin], [], [], POLL_SECONDS)[0]:
                pass
        finally:
            valkey.stop()
            postgres.stop()


def _other_bin_dir() -> Path | None:
    """Return the folder of a PostgreSQL to use instead of the wheel's, if one is set."""
    folder = os.environ.get("TEST_POSTGRES_BIN")
    if folder and not (Path(folder) / "postgres").exists():
        raise LocalError(f"TEST_POSTGRES_BIN is not a folder with PostgreSQL's programs: {folder}")
    return Path(folder) if folder else None


def _tell(facts: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        keep()
    except LocalError as refusal:
        _tell({"refusal": str(refusal)})
