"""The service as real processes on the test's database, with a sandbox instead of Stripe."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
import stripe
from celery import Celery
from django.conf import settings
from django.db import connection
from pytest_django import Settings

from payouts_project.local.ports import free_port
from sandbox.config import Config
from sandbox.server import SandboxServer
from tests.waiting import wait_until

ROOT = Path(__file__).parents[1]
WORKER = ("-m", "celery", "-A", "payouts_project", "worker", "--pool", "threads", "-c", "8", "-l", "WARNING")
# One process, so that there is one log and one memory usage.
WEB = {"GRANIAN_WORKERS": "1", "GRANIAN_BLOCKING_THREADS": "8"}
QUEUES = ("-Q", "payouts,earnings,webhooks,reports", "--without-gossip", "--without-mingle")


class RunningService:
    """Web and worker processes, started and killed by the test."""

    def __init__(self, variables: dict[str, str], port: int, stripe: stripe.StripeClient, logs: Path) -> None:
        self._variables = WEB | variables
        self.port = port
        self._logs = logs
        self._processes: list[subprocess.Popen[bytes]] = []
        self._celery = Celery(broker=variables["CELERY_BROKER_URL"])
        self._celery.conf.task_routes = settings.CELERY_TASK_ROUTES
        self.stripe = stripe

    def set(self, **variables: str) -> None:
        """Set variables for processes that are started from now on."""
        self._variables |= variables

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return self._variables["DATABASE_URL"]

    @property
    def web_megabytes(self) -> float:
        """The peak memory of the web's processes."""
        children = Path(f"/proc/{self._web.pid}/task/{self._web.pid}/children").read_text().split()
        status = [Path(f"/proc/{pid}/status").read_text() for pid in children]
        return max(
            int(line.split()[1]) / 1024 for text in status for line in text.splitlines() if "VmHWM" in line
        )

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "manage.py", *arguments)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self._variables,
            capture_output=True,
            text=True,
            check=True,
        )

    def start_web(self) -> subprocess.Popen[bytes]:
        address = ("--host", "127.0.0.1", "--port", str(self.port))
        self._web = self.start(
            "-m", "granian", "--interface", "wsgi", *address, "payouts_project.wsgi:application"
        )
        log = self._log(len(self._processes) - 1)
        workers = int(self._variables["GRANIAN_WORKERS"])
        wait_until(lambda: log.read_text().count("Started worker") == workers, seconds=60)
        return self._web

    def start_worker(self, name: str = "worker") -> subprocess.Popen[bytes]:
        self._worker = self.start(*WORKER, *QUEUES, "--hostname", f"{name}@%h")
        return self._worker

    def start_beat(self) -> subprocess.Popen[bytes]:
        return self.start("-m", "celery", "-A", "payouts_project", "beat", "-l", "WARNING")

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            body: bytes = answer.read()
        return body

    def kill_worker(self) -> None:
        kill(self._worker)

    def send(self, task: str) -> None:
        """Send a task, as beat does."""
        self._celery.send_task(task)

    def is_idle(self) -> bool:
        """Check whether no task is queued or running."""
        with closing(redis.Redis.from_url(self._variables["CELERY_BROKER_URL"])) as broker:
            return not broker.exists(*QUEUES[1].split(","), "unacked")

    def state(self) -> dict[str, Any]:
        return dict(self.stripe.raw_request("get", "/_sandbox/state").data)

    def inject(self, *rules: dict[str, Any]) -> None:
        self.stripe.raw_request("post", "/_sandbox/faults", rules=list(rules))

    def stop(self) -> None:
        for process in self._processes:
            kill(process)
        self._celery.close()

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a Python program without waiting for it."""
        with self._log(len(self._processes)).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self._variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def _log(self, number: int) -> Path:
        return self._logs / f"{number}.log"


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children, -9."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def service(transactional_db: None, settings: Settings, tmp_path: Path) -> Iterator[RunningService]:
    """The service on this test's database with its own queue; nothing is started yet."""
    port = free_port()
    config = Config(
        state=tmp_path / "stripe",
        api_key=settings.STRIPE_SECRET_KEY,
        webhook_url=f"http://127.0.0.1:{port}/webhooks/stripe",
        webhook_secrets=(settings.STRIPE_WEBHOOK_SECRETS[0], settings.STRIPE_CONNECT_WEBHOOK_SECRETS[0]),
        thin_secrets=(settings.STRIPE_THIN_WEBHOOK_SECRETS[0],),
        payout_seconds=0.5,
    )
    database = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"
    # A database in Valkey beside the one that this process of the test session uses itself.
    own = urlsplit(os.environ["REDIS_URL"])
    redis_url = own._replace(path=f"/{int(own.path.strip('/') or 0) + 8}").geturl()
    redis.Redis.from_url(redis_url).flushdb()
    with SandboxServer(config) as server:
        variables = os.environ | {
            "DATABASE_URL": database,
            "REDIS_URL": redis_url,
            "CELERY_BROKER_URL": redis_url,
            "CELERY_VISIBILITY_TIMEOUT": "5",
            "STRIPE_API_BASE": server.url,
            "STRIPE_REQUESTS_PER_SECOND": "1000",
        }
        client = stripe.StripeClient(config.api_key, base_addresses={"api": server.url})
        running = RunningService(variables, port, client, tmp_path)
        try:
            yield running
        finally:
            running.stop()
