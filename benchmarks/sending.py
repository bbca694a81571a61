"""Sending payouts to a Stripe that takes its time, from one worker process, at a rate. See README.md."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import stripe

from benchmarks.setting import SOURCE, manage, service
from sandbox.config import Config
from sandbox.server import SandboxServer

CREATORS = 1_000
RATES = (25, 100)
ANSWERS_AFTER_MS = 250
THREADS = 40


def main() -> None:
    for rate in RATES:
        with tempfile.TemporaryDirectory() as folder, service():
            config = Config(
                state=Path(folder, "stripe"), api_key=os.environ["STRIPE_SECRET_KEY"], payout_seconds=0
            )
            with SandboxServer(config) as sandbox:
                measure(rate, sandbox, Path(folder))


def measure(rate: int, sandbox: SandboxServer, folder: Path) -> None:
    from django.conf import settings  # noqa: PLC0415 (Django is set up by now)

    from payouts.models import Payout, PayoutAttempt  # noqa: PLC0415
    from payouts.states import PayoutStatus  # noqa: PLC0415

    settings.STRIPE_API_BASE = os.environ["STRIPE_API_BASE"] = sandbox.url
    settings.STRIPE_REQUESTS_PER_SECOND = 10_000
    control = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses={"api": sandbox.url})
    control.raw_request("post", "/_sandbox/fund", amount=10**9, currency="usd")
    owe_everyone(folder)
    manage("run_payouts", "--now", "2026-10-01T00:00:00Z")
    slow = {"kind": "latency_ms", "latency_ms": ANSWERS_AFTER_MS, "path": "/v1/.*"}
    control.raw_request("post", "/_sandbox/faults", rules=[slow])
    with worker(rate) as process:
        begun = once(PayoutAttempt.objects.exists)
        sent = once(lambda: not Payout.objects.filter(stripe_transfer_id="").exists()) - begun
        on_their_way = once(lambda: not Payout.objects.filter(stripe_payout_id="").exists()) - begun
        peak = peak_megabytes(process)
    payouts = Payout.objects.count()
    asked = control.raw_request("get", "/_sandbox/state", only=["transfers"]).data["transfers"]
    assert len(asked) == payouts == Payout.objects.filter(status=PayoutStatus.IN_TRANSIT).count()
    refused = PayoutAttempt.objects.exclude(error_code="").count()
    again = sum(PayoutAttempt.objects.values_list("sends", flat=True)) - 2 * payouts
    print(f"Sending, {payouts:,} payouts at {rate}/s, answers after {ANSWERS_AFTER_MS} ms, {THREADS} threads")
    print(f"  transfers       {sent:7.1f} s   {sent * rate / payouts:5.2f} × n ÷ rate")
    print(f"  bank payouts    {on_their_way:7.1f} s   {on_their_way * rate / payouts:5.2f} × n ÷ rate")
    print(f"  {refused} requests refused, {again} sent again; peak memory of the worker {peak:.0f} MB")


def owe_everyone(folder: Path) -> None:
    """Have each of many creators sell something, and bring them all to Stripe."""
    catalog, billing = folder / "catalog.csv", folder / "billing.csv"
    numbers = range(CREATORS)
    apis = [f"api-{n},API {n},creator-{n},creator-{n}@example.com,US\n" for n in numbers]
    catalog.write_text("api_id,api_name,creator_id,creator_email,creator_country\n" + "".join(apis))
    sales = [f"r-{n},charge,api-{n},{4_000 + n},USD,2026-09-15T00:00:00Z\n" for n in numbers]
    billing.write_text("record_id,kind,api_id,amount,currency,occurred_at\n" + "".join(sales))
    manage("import_catalog", str(catalog))
    manage("import_billing", str(billing), "--source", SOURCE)
    manage("onboard_creators")


@contextmanager
def worker(rate: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run one worker process as production does, and a sweep for it to find what is due."""
    from celery import current_app  # noqa: PLC0415

    command = [
        "-m",
        "celery",
        "-A",
        "payouts_project",
        "worker",
        "-Q",
        "payouts,reports",
        "--pool",
        "threads",
    ]
    variables = os.environ | {"STRIPE_REQUESTS_PER_SECOND": str(rate)}
    with subprocess.Popen(
        [sys.executable, *command, "-c", str(THREADS), "-l", "WARNING"], env=variables
    ) as process:
        try:
            current_app.send_task("payouts.sweep")
            yield process
        finally:
            process.terminate()


def once(condition: Callable[[], bool]) -> float:
    """Return when the condition came to hold."""
    while not condition():
        time.sleep(0.05)
    return time.perf_counter()


def peak_megabytes(process: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return max(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    main()
