"""Sending payouts to a Stripe that takes its time, at a rate, from one worker process and from two. See README.md."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import stripe

from benchmarks.setting import SOURCE, manage, service
from sandbox.config import Config
from sandbox.server import SandboxServer

CREATORS = 1_000
# Of each month, the rate at which it is sent, in requests per second to each of Stripe's endpoints, and how many
# worker processes send it.
ROUNDS = {7: (25, 1), 8: (25, 2), 9: (100, 2)}
# A month that is sent as fast as two worker processes can, beside the same calls without a database.
UNPACED, PROCESSES = 10, 2
NO_PACE = 10_000
ANSWERS_AFTER_MS = 250
THREADS = 24


def main() -> None:
    with tempfile.TemporaryDirectory() as name, service():
        from django.conf import settings  # noqa: PLC0415 (Django is set up by now)

        folder = Path(name)
        config = Config(state=folder / "stripe", api_key=settings.STRIPE_SECRET_KEY, payout_seconds=0)
        with SandboxServer(config) as sandbox:
            settings.STRIPE_API_BASE = os.environ["STRIPE_API_BASE"] = sandbox.url
            settings.STRIPE_REQUESTS_PER_SECOND = 10_000
            client = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses={"api": sandbox.url})
            client.raw_request("post", "/_sandbox/fund", amount=10**9, currency="usd")
            register_everyone(folder / "catalog.csv")
            for month, (rate, processes) in ROUNDS.items():
                owe(folder / "billing.csv", month=month)
                with slowly(client):
                    sent = send(month, rate=rate, processes=processes)
                tell(sent, floor=CREATORS / rate, unit="n ÷ rate")
            owe(folder / "billing.csv", month=UNPACED)
            with slowly(client):
                sent = send(UNPACED, rate=NO_PACE, processes=PROCESSES)
                bare = bare_calls(sandbox.url)
            tell(sent, floor=bare, unit="the bare calls")


def owe(billing: Path, *, month: int) -> None:
    """Have everyone earn something in a month, and make its payouts."""
    sales = [
        f"{month}-{n},charge,api-{n},{4_000 + n},USD,2026-{month:02}-15T00:00:00Z\n" for n in range(CREATORS)
    ]
    billing.write_text("record_id,kind,api_id,amount,currency,occurred_at\n" + "".join(sales))
    manage("import_billing", str(billing), "--source", SOURCE)
    manage("run_payouts", "--now", f"2026-{month + 1:02}-01T00:00:00Z")


@contextmanager
def slowly(client: stripe.StripeClient) -> Iterator[None]:
    slow = {"kind": "latency_ms", "latency_ms": ANSWERS_AFTER_MS, "path": "/v1/.*"}
    client.raw_request("post", "/_sandbox/faults", rules=[slow])
    yield
    client.raw_request("delete", "/_sandbox/faults")


@dataclass(frozen=True, slots=True)
class Sent:
    """How long it took, in seconds, until all of a month's transfers and bank payouts were sent."""

    title: str
    transfers: float
    bank_payouts: float
    refused: int
    again: int
    megabytes: float


def send(month: int, *, rate: int, processes: int) -> Sent:
    """Send a month's payouts, both legs."""
    from payouts.models import Payout, PayoutAttempt  # noqa: PLC0415 (Django is set up by now)
    from payouts.states import PayoutStatus  # noqa: PLC0415

    payouts = Payout.objects.filter(run__cutoff=date(2026, month + 1, 1))
    attempts = PayoutAttempt.objects.filter(payout__in=payouts)
    with workers(rate, processes) as running:
        begun = once(attempts.exists)
        transfers = once(lambda: not payouts.filter(stripe_transfer_id="").exists()) - begun
        bank_payouts = once(lambda: not payouts.filter(stripe_payout_id="").exists()) - begun
        peak = max(peak_megabytes(process) for process in running)
    assert payouts.filter(status=PayoutStatus.IN_TRANSIT).count() == CREATORS
    pace = "without a pace" if rate == NO_PACE else f"at {rate}/s"
    return Sent(
        f"Sending, {CREATORS:,} payouts {pace}, answers after {ANSWERS_AFTER_MS} ms, {processes} workers",
        transfers,
        bank_payouts,
        refused=attempts.exclude(error_code="").count(),
        again=sum(attempts.values_list("sends", flat=True)) - 2 * CREATORS,
        megabytes=peak,
    )


def bare_calls(address: str) -> float:
    """Make the same calls from as many processes and threads, without a database; return the seconds it took."""
    from django.conf import settings  # noqa: PLC0415 (Django is set up by now)

    from accounts.models import CreatorPaymentAccount  # noqa: PLC0415

    accounts = [
        str(each) for each in CreatorPaymentAccount.objects.values_list("stripe_account_id", flat=True)
    ]
    command = [
        sys.executable,
        "-m",
        "benchmarks.bare_calls",
        address,
        settings.STRIPE_SECRET_KEY,
        str(THREADS),
    ]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, text=True, env=os.environ) for _ in range(PROCESSES)
    ]
    begun = time.perf_counter()
    for number, process in enumerate(running):
        assert process.stdin
        process.stdin.write("\n".join(accounts[number::PROCESSES]))
        process.stdin.close()
    assert not any(process.wait() for process in running)
    return time.perf_counter() - begun


def tell(sent: Sent, *, floor: float, unit: str) -> None:
    print(sent.title)
    print(f"  transfers      {sent.transfers:7.1f} s   {sent.transfers / floor:5.2f} × {unit}")
    print(f"  bank payouts   {sent.bank_payouts:7.1f} s   {sent.bank_payouts / floor:5.2f} × {unit}")
    print(
        f"  {sent.refused} requests refused, {sent.again} sent again; "
        f"peak memory of a worker {sent.megabytes:.0f} MB",
        flush=True,
    )


def register_everyone(catalog: Path) -> None:
    """Have each of many creators offer something, and bring them all to Stripe."""
    apis = [f"api-{n},API {n},creator-{n},creator-{n}@example.com,US\n" for n in range(CREATORS)]
    catalog.write_text("api_id,api_name,creator_id,creator_email,creator_country\n" + "".join(apis))
    manage("import_catalog", str(catalog))
    manage("onboard_creators")


@contextmanager
def workers(rate: int, processes: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run workers as production does, and a sweep for them to find what is due."""
    from celery import current_app  # noqa: PLC0415 (Django is set up by now)

    command = [sys.executable, "-m", "celery", "-q", "-A", "payouts_project", "worker", "-l", "WARNING"]
    share = ["-Q", "payouts,reports", "--pool", "threads", "-c", str(THREADS)]
    variables = os.environ | {"STRIPE_REQUESTS_PER_SECOND": str(rate)}
    with ExitStack() as stack:
        running = []
        for number in range(processes):
            started = subprocess.Popen(
                [*command, *share, "-n", f"{number}@%h"], env=variables, stderr=subprocess.DEVNULL
            )
            stack.callback(started.wait)
            stack.callback(started.terminate)
            running.append(started)
        current_app.send_task("payouts.sweep")
        yield running


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
