"""Pushing billing records to the running service, beside importing the same from a file. See README.md."""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.setting import SOURCE, billing_csv, manage, seconds, service, tell
from payouts_project.local.ports import free_port
from payouts_project.local.stack import WEB, silence

ROUNDS = 5
RECORDS = 100_000
AT_ONCE = 1_000
PATH = "/api/v1/billing/records"


class Web:
    """The service's web, one process, and a token to push with."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, token: str) -> None:
        self._process = process
        self._port = port
        self._token = token

    def push(self, media_type: str, *bodies: bytes) -> None:
        """Push over one connection, one request after the other."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": media_type}
        with closing(HTTPConnection("127.0.0.1", self._port)) as connection:
            for body in bodies:
                connection.request("POST", PATH, body, headers)
                answer = connection.getresponse()
                assert answer.status == HTTPStatus.OK, answer.read()
                answer.read()

    def peak_megabytes(self) -> float:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        status = Path(f"/proc/{children[-1]}/status").read_text().splitlines()
        return max(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def main() -> None:
    with service(), web() as running, tempfile.TemporaryDirectory() as folder:
        table, lines = Path(folder, "billing.csv"), Path(folder, "billing.ndjson")
        figures: dict[str, list[float]] = {
            "import_billing of CSV": [],
            "import_billing of NDJSON": [],
            f"push of NDJSON, {RECORDS:,} lines": [],
            f"push of JSON, {AT_ONCE:,} records each": [],
        }
        by_file, by_ndjson_file, by_lines, by_records = figures.values()
        print(f"  peak memory of the web at the start: {running.peak_megabytes():.0f} MB")
        for generation in range(0, ROUNDS * 4, 4):
            header, rows = billing_csv(RECORDS, generation=generation)
            table.write_text(header + "".join(rows))
            by_file.append(seconds(lambda: manage("import_billing", str(table), "--source", SOURCE)))
            lines.write_bytes(ndjson(generation + 1))
            by_ndjson_file.append(seconds(lambda: manage("import_billing", str(lines), "--source", SOURCE)))
            bodies = list(requests(generation + 2))
            by_records.append(seconds(partial(running.push, "application/json", *bodies)))
            if generation == 0:
                print(f"  … after {RECORDS:,} records as JSON: {running.peak_megabytes():.0f} MB")
            body = ndjson(generation + 3)
            by_lines.append(seconds(partial(running.push, "application/x-ndjson", body)))
            print(f"  … after {RECORDS:,} lines more in one request: {running.peak_megabytes():.0f} MB")
        tell("Pushing", figures, rows=RECORDS, floor="import_billing of CSV")


def ndjson(generation: int) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records(generation))


def requests(generation: int) -> Iterator[bytes]:
    given = records(generation)
    for start in range(0, RECORDS, AT_ONCE):
        yield json.dumps({"records": given[start : start + AT_ONCE]}).encode()


def records(generation: int) -> list[dict[str, str | int]]:
    """Return sales as a service would write them: numbers as numbers, nothing that is empty."""
    header, rows = billing_csv(RECORDS, generation=generation)
    made = []
    for row in csv.DictReader([header, *rows]):
        said: dict[str, str | int] = {name: value for name, value in row.items() if value}
        made.append(said | {"amount": int(row["amount"]), "api_calls": int(row["api_calls"] or 0)})
    return made


@contextmanager
def web() -> Iterator[Web]:
    from accounts import tokens  # noqa: PLC0415 (Django is set up by now)
    from accounts.principals import BILLING_SCOPE, Principal  # noqa: PLC0415

    principal = Principal(subject=SOURCE, role="service", scopes=frozenset([BILLING_SCOPE]))
    token = tokens.issue_token(principal, now=datetime.now(UTC), lifetime=timedelta(hours=1))
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1"]
    variables = os.environ | WEB
    with subprocess.Popen(
        [*command, "payouts_project.wsgi:application"], env=variables, stdout=subprocess.DEVNULL
    ) as process:
        try:
            while silence(port, "/health"):
                time.sleep(0.1)
            yield Web(process, port, token)
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
