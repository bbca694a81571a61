"""The process that keeps throwaway servers for as long as its parent lives.

It prints one line of JSON when they are ready. Its parent holds the other end of its standard input: the end
of that file, however it comes about, is the order to stop.
"""

import json
import os
import select
import signal
import sys
import tempfile
from pathlib import Path

from .postgres import THROWAWAY_SETTINGS, Postgres
from .valkey import Valkey

POLL_SECONDS = 1


def keep() -> None:
    """Start the servers, wait for the parent to be done or gone, and stop them."""
    # The keeper must outlive its parent, if only for a moment: a signal meant for both is not for it.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    parent = os.getppid()
    bin_dir = os.environ.get("TEST_POSTGRES_BIN")
    with tempfile.TemporaryDirectory(prefix="payouts-") as name:
        directory = Path(name)
        postgres = Postgres(
            directory / "postgres", bin_dir=Path(bin_dir) if bin_dir else None, settings=THROWAWAY_SETTINGS
        )
        valkey = Valkey(directory / "valkey")
        try:
            urls = {"database_url": postgres.start(), "redis_url": valkey.start()}
            sys.stdout.write(json.dumps(urls) + "\n")
            sys.stdout.flush()
            # A process forked by the parent may hold the pipe open for longer than the parent lives.
            while os.getppid() == parent and not select.select([sys.stdin], [], [], POLL_SECONDS)[0]:
                pass
        finally:
            valkey.stop()
            postgres.stop()


if __name__ == "__main__":
    keep()
