"""What creators read, over HTTP, beside a bare view of the same service. See README.md."""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.setting import service
from payouts_project.local import ports

RECORDS = 10_000_000
ROUNDS = 400
RECORDS_PER_EARNING = 10
# name: (APIs, months); the second has 1,000 times the history of the first.
CREATORS = {"short": (1, 12), "long": (50, 240)}
GENERATE = Path(__file__).parent / "reading.sql"
BARE = "bare view"


def main(records: int = RECORDS) -> None:
    with service():
        generate(records)
        addresses = {BARE: "/api/v1/bare", "/earnings": "/api/v1/earnings", "/payouts": "/api/v1/payouts"}
        with server() as port:
            print(f"Reading, {records:,} billing records, {ROUNDS} rounds")
            for creator in CREATORS:
                tell(creator, measure(port, creator, addresses))


def generate(records: int) -> None:
    """Write records, batches, earnings and payouts as if all had come, been posted and been paid."""
    from django.db import connection  # noqa: PLC0415 (Django is set up by now)

    started = time.perf_counter()
    ours = sum(apis * months for apis, months in CREATORS.values())
    earnings = max(records // RECORDS_PER_EARNING - ours, 0)
    months = 100
    shapes = [*CREATORS.items(), *((f"other-{n}", (1, months)) for n in range(earnings // months))]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE shape (creator text, apis integer, months integer)")
        with cursor.copy("COPY shape FROM STDIN") as out:
            for name, shape in shapes:
                out.write_row([name, *shape])
        for statement in GENERATE.read_text().split(";\n"):
            cursor.execute(statement, {"per_earning": RECORDS_PER_EARNING})
    print(f"  generated in {time.perf_counter() - started:.0f} s")


@contextmanager
def server() -> Iterator[int]:
    """Serve as the service does, with one process and one thread: what is measured is the work."""
    port = ports.free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", ports.LOOPBACK),
        *("--port", str(port), "--workers", "1", "--no-access-log", "benchmarks.bare:application"),
    ]
    variables = os.environ | {"GRANIAN_BLOCKING_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=variables) as process:
        try:
            deadline = time.monotonic() + 60
            while not answers(port) and time.monotonic() < deadline:
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()


def answers(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=5)
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False


def measure(port: int, creator: str, addresses: dict[str, str]) -> dict[str, list[float]]:
    """Ask each address in turn, so that what disturbs the machine disturbs all alike."""
    connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=60)
    headers = {"Authorization": f"Bearer {token_of(creator)}"}
    figures: dict[str, list[float]] = {name: [] for name in addresses}
    for turn in range(ROUNDS + 20):
        for name, address in addresses.items():
            started = time.perf_counter()
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if turn >= 20:  # the first ones warm it up
                figures[name].append(time.perf_counter() - started)
            if answer.status != 200:
                raise RuntimeError(f"{address}: {json.loads(body)}")
    return figures


def token_of(creator: str) -> str:
    from accounts import tokens  # noqa: PLC0415 (Django is set up by now)
    from accounts.principals import CREATOR, Principal  # noqa: PLC0415

    return tokens.issue_token(
        Principal(subject=creator, role=CREATOR), now=datetime.now(UTC), lifetime=timedelta(hours=1)
    )


def tell(creator: str, figures: dict[str, list[float]]) -> None:
    apis, months = CREATORS[creator]
    base = statistics.median(figures[BARE])
    print(f"  a creator with {apis * months:,} earnings and {months:,} payouts")
    for name, times in figures.items():
        median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        print(
            f"    {name:12} median {median * 1000:6.2f} ms, p99 {p99 * 1000:6.2f} ms   {base / median:5.2f} × {BARE}"
        )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
