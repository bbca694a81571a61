"""A PostgreSQL and a Valkey for one test session, which leave nothing behind, however the session ends."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import environment
from .errors import LocalError

STOP_TIMEOUT_SECONDS = 30
# Nothing listens on this port: a test that forgets its sandbox fails at once, and never reaches Stripe.
NOWHERE = 9


@dataclass(frozen=True)
class Servers:
    """The servers' URLs, with their passwords."""

    database_url: str
    redis_url: str

    def variables(self) -> dict[str, str]:
        """Return all variables that the settings need; Stripe is unreachable."""
        return {
            environment.LOCAL_MODE: "1",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            **environment.new_secrets(),
            **environment.addresses(web_port=NOWHERE, stripe_port=NOWHERE),
        }


@contextmanager
def throwaway_servers() -> Iterator[Servers]:
    """Yield new, empty servers in a temporary folder, without the safety of fsync.

    They belong to a keeper process, which stops them and removes the folder when this process leaves the block or
    dies, even by kill -9. `TEST_POSTGRES_BIN` can name the bin folder of a PostgreSQL to use instead of the wheel's.

    Raises: LocalError: they can't be started.
    """
    keeper = subprocess.Popen(
        [sys.executable, "-m", "payouts_project.local.keeper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment.for_demo_and_tests(os.environ),
        start_new_session=True,  # Ctrl-C stops the session; the keeper ends after it
    )
    with keeper:
        assert keeper.stdin
        assert keeper.stdout
        try:
            answer = json.loads(keeper.stdout.readline() or '{"refusal": "The servers\' keeper died."}')
            if "refusal" in answer:
                raise LocalError(answer["refusal"])
            yield Servers(**answer)
        finally:
            keeper.stdin.close()
            keeper.wait(STOP_TIMEOUT_SECONDS)


@contextmanager
def throwaway_environment() -> Iterator[None]:
    """Run throwaway servers, and point this process's environment at them and at nothing else."""
    before = dict(os.environ)
    with throwaway_servers() as servers:
        try:
            os.environ.clear()
            os.environ.update(environment.for_demo_and_tests(before) | servers.variables())
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
