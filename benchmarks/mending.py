"""Entering what waited in quarantine, and finding that nothing can, beside importing the same. See README.md."""

import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.setting import SOURCE, billing_csv, manage, seconds, service, tell
from database import sql

ROUNDS = 3
LINES = 100_000
HELD = 2_000_000
HEADER = "record_id,kind,api_id,amount,currency,occurred_at,related_record_id\n"
HOLD = """
INSERT INTO quarantined_records (source_id, batch_id, record_id, reason, content, resolution)
SELECT
    source_id, id, reason || number, reason,
    jsonb_strip_nulls(jsonb_build_object(
        'record_id', reason || number, 'kind', 'refund', 'api_id', 'api-held', 'creator_id', 'nobody', 'amount', '100',
        'currency', 'USD', 'occurred_at', '2024-01-15T12:00:00+00:00',
        'related_record_id', CASE WHEN reason IN ('charge_unknown', 'exceeds_charge') THEN 'gone-' || number END
    )),
    ''
FROM (SELECT * FROM billing_batches ORDER BY id LIMIT 1) AS batch
CROSS JOIN unnest(ARRAY['charge_unknown', 'exceeds_charge', 'owner_mismatch', 'syntax']) AS reason
CROSS JOIN generate_series(1, %(each)s) AS number
"""


def main() -> None:
    with service(), tempfile.TemporaryDirectory() as folder:
        from earnings.services.quarantine import enter_ready  # noqa: PLC0415 (Django is set up by now)

        path = Path(folder, "billing.csv")
        mend = partial(enter_ready, now=datetime.now(UTC))
        figures: dict[str, list[float]] = {"import_billing": [], "enter_ready": []}
        refunds: dict[str, list[float]] = {"of many charges": [], "of one charge": []}
        for generation in range(ROUNDS):
            header, lines = billing_csv(LINES, generation=generation)
            path.write_text(header + "".join(lines))
            figures["import_billing"].append(seconds(partial(import_, path)))
            path.write_text(HEADER + "".join(of_unknown_api(generation)))
            import_(path)
            mend()
            register(f"api-late-{generation}")
            figures["enter_ready"].append(seconds(mend))
            for name, charges in (("of many charges", LINES), ("of one charge", 1)):
                path.write_text(HEADER + "".join(charged(charges, name=f"{generation}-{name[3:6]}")))
                import_(path)
                path.write_text(HEADER + "".join(refunded(charges, name=f"{generation}-{name[3:6]}")))
                refunds[name].append(seconds(partial(import_, path)))
        tell("Entering what waited for its API", figures, rows=LINES, floor="import_billing")
        tell("Importing refunds", refunds, rows=LINES, floor="of many charges")
        sql.run(HOLD, {"each": HELD // 4})
        sql.run("ANALYZE quarantined_records")
        mend()
        idle = min(seconds(mend) for _ in range(ROUNDS))
        print(f"An idle pass over {HELD:,} held records: {idle * 1000:.0f} ms")


def import_(path: Path) -> None:
    manage("import_billing", str(path), "--source", SOURCE)


def register(api_id: str) -> None:
    from earnings.services.catalog import CatalogEntry, register_apis  # noqa: PLC0415

    register_apis([CatalogEntry(api_id, "", "late")], now=datetime.now(UTC))


def of_unknown_api(generation: int) -> list[str]:
    return [
        f"late-{generation}-{number},charge,api-late-{generation},100,USD,2024-01-15T12:00:00Z,\n"
        for number in range(LINES)
    ]


def charged(charges: int, *, name: str) -> list[str]:
    register("api-refunded")
    return [
        f"c-{name}-{number},charge,api-refunded,{LINES // charges},USD,2024-01-15T12:00:00Z,\n"
        for number in range(charges)
    ]


def refunded(charges: int, *, name: str) -> list[str]:
    return [
        f"r-{name}-{number},refund,,1,USD,2024-01-16T12:00:00Z,c-{name}-{number % charges}\n"
        for number in range(LINES)
    ]


if __name__ == "__main__":
    main()
