"""The nightly check of the books after one year of history, and after ten. See README.md."""

import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.setting import SOURCE, billing_csv, manage, seconds, service
from database import sql
from database.staff import SYSTEM, Act

RECORDS_A_YEAR = 500_000
NEW = 20_000
LAST_YEAR = 2011
ROUNDS = 3


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS_A_YEAR
    with service():
        print(f"Checking the books: {records:,} records a year, {NEW:,} new ones")
        first_year, *others = range(LAST_YEAR - 9, LAST_YEAR + 1)
        sell(records, year=first_year)
        first = check(1, year=first_year)
        for year in others:
            sell(records, year=year)
        print(f"  {check(10, year=LAST_YEAR) / first:.2f} × with ten times the history")


def sell(records: int, *, year: int, generation: str = "") -> None:
    """Import and post real sales, moved to the last months of a year."""
    header, lines = billing_csv(records, generation=f"{year}{generation}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "billing.csv")
        path.write_text(header + "".join(line.replace(f",{LAST_YEAR}-", f",{year}-") for line in lines))
        manage("import_billing", str(path), "--source", SOURCE)
    manage("post_earnings")


def check(years: int, *, year: int) -> float:
    """Pay what was sold up to this year, check all of the books, then what is new; return its seconds at best."""
    from accounts.models import Creator, CreatorPaymentAccount  # noqa: PLC0415 (Django is set up by now)
    from payouts.models import BooksCheckpoint, Payout  # noqa: PLC0415
    from payouts.services.deciding import runs  # noqa: PLC0415
    from payouts.services.reconciliation import books, scope  # noqa: PLC0415
    from payouts.services.staff import interventions  # noqa: PLC0415
    from revenue import services as revenue  # noqa: PLC0415

    CreatorPaymentAccount.objects.bulk_create(
        (
            CreatorPaymentAccount(
                creator=creator,
                api="v1",
                account_status="active",
                stripe_account_id=f"acct_{creator.external_id}",
            )
            for creator in Creator.objects.all()
        ),
        ignore_conflicts=True,
    )
    runs.make_run(cutoff=date(year + 1, 1, 1), now=sql.now())
    revenue.refresh_stale(now=sql.now())
    sql.run("VACUUM ANALYZE")
    # As if everything had settled.
    whole = seconds(lambda: sound(books.check_all, now=sql.now() + scope.FACTS_SETTLED))
    checkpoint = BooksCheckpoint.objects.get()
    sell(NEW, year=year, generation="+")
    # The analysis that autovacuum makes in time.
    sql.run("ANALYZE")
    nightly = []
    for _ in range(ROUNDS):
        nightly.append(seconds(lambda: sound(books.check_new, now=sql.now())))
        BooksCheckpoint.objects.exclude(pk=checkpoint.pk).delete()
    print(f"  {years:2} years: all {whole:7.2f} s, what is new {min(nightly):6.2f} s")
    checkpoint.delete()
    for payout in Payout.objects.filter(status="pending"):
        interventions.cancel_payout(payout.pk, act=Act(SYSTEM, "The benchmark pays again"), now=sql.now())
    return min(nightly)


def sound(check: Callable[..., Any], **when: object) -> None:
    for validation in check(**when):
        assert not validation.findings, validation


if __name__ == "__main__":
    main()
