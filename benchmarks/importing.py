"""Importing a billing file, beside what PostgreSQL alone can do. See README.md."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.setting import SOURCE, billing_csv, manage, seconds, service, tell

ROUNDS = 5
LINES = 100_000
CHUNK = 10_000
COPY = """
COPY staging (
    record_id, kind, api, creator, subscription_id, customer_id, amount, currency, occurred_at, api_calls, related
) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (subscription_id, customer_id, related))
"""
INSERT = """
INSERT INTO floor (
    source_id, batch_id, record_id, kind, api_id, creator_id, commission_bps, subscription_id, customer_id, amount,
    currency, occurred_at, api_calls, related_record_id
)
SELECT
    1, 1, record_id, kind, apis.id, creators.id, 2000, subscription_id, customer_id, amount,
    currency, occurred_at, api_calls, related
FROM staging
JOIN apis ON apis.external_id = staging.api
JOIN creators ON creators.external_id = staging.creator
ON CONFLICT DO NOTHING
"""


def main() -> None:
    with service(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "billing.csv")
        prepare()
        figures: dict[str, list[float]] = {
            "raw COPY": [],
            "COPY + INSERT ON CONFLICT": [],
            "import_billing": [],
        }
        for generation in range(ROUNDS):
            header, lines = billing_csv(LINES, generation=generation)
            path.write_text(header + "".join(lines))
            figures["raw COPY"].append(seconds(lambda: copy(lines)))
            figures["COPY + INSERT ON CONFLICT"].append(seconds(lambda: insert(lines)))
            figures["import_billing"].append(
                seconds(lambda: manage("import_billing", str(path), "--source", SOURCE))
            )
        tell("Importing", figures, rows=LINES, floor="COPY + INSERT ON CONFLICT")
        for size in (LINES, LINES * 4):
            print(
                f"  peak memory of a process that imports {size:,} lines: {peak_megabytes(path, size):.0f} MB"
            )


def prepare() -> None:
    """Make the floor's table, which grows as ours does."""
    from django.db import connection  # noqa: PLC0415 (Django is set up by now)

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE floor (LIKE billing_records INCLUDING ALL)")
        cursor.execute(
            "CREATE UNLOGGED TABLE staging (record_id text, kind text, api text, creator text,"
            " subscription_id text, customer_id text, amount bigint, currency text, occurred_at timestamptz,"
            " api_calls bigint, related text)"
        )


def copy(lines: list[str]) -> None:
    from django.db import connection, transaction  # noqa: PLC0415

    for start in range(0, len(lines), CHUNK):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("TRUNCATE staging")
            with cursor.copy(COPY) as out:
                out.write("".join(lines[start : start + CHUNK]))


def insert(lines: list[str]) -> None:
    from django.db import connection, transaction  # noqa: PLC0415

    for start in range(0, len(lines), CHUNK):
        with transaction.atomic(), connection.cursor() as cursor:
            copy(lines[start : start + CHUNK])
            cursor.execute(INSERT)


def peak_megabytes(path: Path, size: int) -> float:
    header, lines = billing_csv(size, generation=1_000 + size)
    path.write_text(header + "".join(lines))
    command = [sys.executable, "manage.py", "import_billing", str(path), "--source", SOURCE]
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = max(
                [peak, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))]
            )
            time.sleep(0.05)
    return peak / 1024


if __name__ == "__main__":
    main()
