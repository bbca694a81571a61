"""Posting billing records, beside the best single SQL statement. See README.md."""

import tempfile
from pathlib import Path

from benchmarks.setting import SOURCE, billing_csv, manage, seconds, service, tell

ROUNDS = 3
LINES = 300_000
FLOOR = """
INSERT INTO floor AS row (
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
    WHERE batch_id > %s
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
        from django.db import connection  # noqa: PLC0415 (Django is set up by now)

        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE floor (LIKE creator_earnings INCLUDING ALL)")
        figures: dict[str, dict[str, list[float]]] = {"into empty rows": {}, "over existing rows": {}}
        path, last = Path(folder, "billing.csv"), 0
        for generation in range(ROUNDS + 1):
            header, lines = billing_csv(LINES, generation=generation)
            path.write_text(header + "".join(lines))
            manage("import_billing", str(path), "--source", SOURCE)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE billing_records")
                floor = seconds(lambda: cursor.execute(FLOOR, [last]))
                cursor.execute("SELECT max(id) FROM billing_batches")
                last = cursor.fetchone()[0]
            ours = seconds(lambda: manage("post_earnings"))
            told = figures["over existing rows" if generation else "into empty rows"]
            told.setdefault("one SQL statement", []).append(floor)
            told.setdefault("post_earnings", []).append(ours)
        for title, times in figures.items():
            tell(f"Posting {title}", times, rows=LINES, floor="one SQL statement")


if __name__ == "__main__":
    main()
