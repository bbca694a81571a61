"""Checking the books of a marketplace with many records, beside one look at each record. See README.md."""

import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.setting import SOURCE, billing_csv, manage, seconds, service
from database import sql

RECORDS = 10_000_000
LINES_AT_ONCE = 500_000
# What any check of the records must do: read each of them, and group them somehow.
FLOOR = "SELECT batch_id, count(*), sum(amount) FROM billing_records GROUP BY batch_id"


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    with service(), tempfile.TemporaryDirectory() as folder:
        from accounts.models import Creator, CreatorPaymentAccount  # noqa: PLC0415 (Django is set up by now)
        from payouts.services.reconciliation import books  # noqa: PLC0415

        path = Path(folder, "billing.csv")
        for generation in range(max(1, records // LINES_AT_ONCE)):
            header, lines = billing_csv(min(records, LINES_AT_ONCE), generation=generation)
            path.write_text(header + "".join(lines))
            manage("import_billing", str(path), "--source", SOURCE)
            manage("post_earnings")
        # Everyone can be paid, so that there are payouts with lines to check.
        CreatorPaymentAccount.objects.bulk_create(
            CreatorPaymentAccount(
                creator=creator,
                api="v1",
                account_status="active",
                stripe_account_id=f"acct_{creator.external_id}",
            )
            for creator in Creator.objects.all()
        )
        manage("run_payouts")
        sql.run("VACUUM ANALYZE")
        floor = min(seconds(lambda: sql.run(FLOOR)) for _ in range(3))
        print(f"Checking the books of {records:,} records")
        print(f"  {floor:8.1f} s   1.00 × one look at each record")
        total = 0.0
        times = {path.stem: seconds(partial(books.findings, path)) for path in books.validations()}
        for name, taken in sorted(times.items(), key=lambda item: -item[1]):
            total += taken
            print(f"  {taken:8.1f} s {taken / floor:6.2f} × {name}")
        print(f"  {total:8.1f} s {total / floor:6.2f} × all")


if __name__ == "__main__":
    main()
