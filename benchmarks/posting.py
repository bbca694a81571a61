"""Posting billing records, beside the best single SQL statement. See README.md."""

import tempfile
from functools import partial
from pathlib import Path

from benchmarks.setting import SOURCE, billing_csv, manage, seconds, service, tell
from database import sql

ROUNDS = 3
LINES = 300_000
# With the memory that an ordinary connection has, and with as much as ours takes.
FLOORS = {("one SQL statement, 4 MB", "4MB"): "floor_as_usual", ("one SQL statement", "64MB"): "floor"}
FLOOR = """
INSERT INTO {table} AS row (
    creator_id, api_id, currency, period_start, period_end, commission_bps, gross, refunds, transactions, api_calls,
    previous_platform_fee, description
)
SELECT
    creator_id, api_id, currency, month, month + interval '1 month', commission_bps, gross, refunds, transactions,
    api_calls, 0, ''
FROM (
    SELECT
        creator_id, api_id, currency, date_trunc('month', occurred_at, 'UTC')::date AS month, commission_bps,
        sum(CASE WHEN kind IN ('refund', 'chargeback') THEN -amount ELSE amount END) AS gross,
        coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS refunds,
        count(*) FILTER (WHERE kind = 'charge') AS transactions,
        coalesce(sum(api_calls) FILTER (WHERE kind = 'charge'), 0) AS api_calls
    FROM billing_records
    WHERE batch_id > %(last)s
    GROUP BY creator_id, api_id, currency, month, commission_bps
) AS grouped
ORDER BY creator_id, api_id, currency, month, commission_bps
ON CONFLICT (creator_id, api_id, currency, period_start, period_end, commission_bps) WHERE closed_at IS NULL
DO UPDATE SET
    gross = row.gross + excluded.gross,
    refunds = row.refunds + excluded.refunds,
    transactions = row.transactions + excluded.transactions,
    api_calls = row.api_calls + excluded.api_calls
"""


def main() -> None:
    with service(), tempfile.TemporaryDirectory() as folder:
        for table in FLOORS.values():
            sql.run(f"CREATE TABLE {table} (LIKE creator_earnings INCLUDING ALL)")
        figures: dict[str, dict[str, list[float]]] = {"into empty rows": {}, "over existing rows": {}}
        path, last = Path(folder, "billing.csv"), 0
        for generation in range(ROUNDS * 2):
            header, lines = billing_csv(LINES, generation=generation)
            path.write_text(header + "".join(lines))
            manage("import_billing", str(path), "--source", SOURCE)
            sql.run("ANALYZE billing_records")
            told = figures["over existing rows" if generation % 2 else "into empty rows"]
            for (name, memory), table in FLOORS.items():
                sql.run(f"SET work_mem = '{memory}'")
                floor = partial(sql.run, FLOOR.format(table=table), {"last": last})
                told.setdefault(name, []).append(seconds(floor))
                sql.run("RESET work_mem")
            told.setdefault("post_earnings", []).append(seconds(lambda: manage("post_earnings")))
            (row,) = sql.rows("SELECT max(id) AS last FROM billing_batches")
            last = row["last"]
            if generation % 2:
                # What comes next opens new rows, here and there.
                sql.run("UPDATE creator_earnings SET closed_at = now() WHERE closed_at IS NULL")
                sql.run(f"TRUNCATE {', '.join(FLOORS.values())}")
        for title, times in figures.items():
            tell(f"Posting {title}", times, rows=LINES, floor="one SQL statement")


if __name__ == "__main__":
    main()
