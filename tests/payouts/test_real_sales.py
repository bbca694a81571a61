"""Real sales, to the cent: https://archive.ics.uci.edu/dataset/352/online+retail."""

import csv
import json
import lzma
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count, Sum

from database import sql
from earnings.models import BillingBatch, BillingRecord, CreatorEarning, QuarantinedRecord
from ledger.models import LedgerAccount
from payouts.models import Payout
from payouts.services.deciding import runs
from payouts.services.reconciliation import books
from payouts.states import PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.sending import send_transfer

EXTRACT = Path(__file__).parents[2] / "payouts_project" / "demo"
# All of them, in the same form, where they lie beside the project: with figures that were worked out apart from it.
WHOLE = Path(__file__).parents[3] / "shared" / "realdata" / "online_retail"
FOLDERS = [EXTRACT, WHOLE] if WHOLE.exists() else [EXTRACT]
MINIMUM = 25_00

pytestmark = [pytest.mark.full, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, Any]:
    given = folder / "expected.json"
    return dict(json.loads(given.read_text())) if given.exists() else worked_out(folder / "billing.csv.xz")


def problem(amount: str) -> str:
    """Return the reason against an amount, or none."""
    if not re.fullmatch(r"-?\d+", amount):
        return "amount_not_integer"
    return "" if int(amount) > 0 else "amount_not_positive"


def worked_out(billing: Path) -> dict[str, Any]:
    """Compute the result of the sales in plain Python, month by month, each followed by a run."""
    records = 0
    gross: Counter[tuple[str, str, str]] = Counter()
    with lzma.open(billing, "rt") as file:
        for sale in csv.DictReader(file):
            if problem(sale["amount"]):
                continue
            records += 1
            taken = int(sale["amount"]) * (1 if sale["kind"] == "charge" else -1)
            gross[sale["occurred_at"][:7], sale["creator_id"], sale["api_id"]] += taken
    by_month: dict[str, Counter[str]] = defaultdict(Counter)
    by_creator: dict[str, Counter[str]] = defaultdict(Counter)
    payable: dict[str, Counter[str]] = defaultdict(Counter)
    for (month, creator, _), amount in gross.items():
        fee = (abs(amount) * 20 + 50) // 100 * (1 if amount > 0 else -1)
        by_month[month].update(gross=amount, net=amount - fee, fee=fee)
        by_creator[creator].update(gross=amount, net=amount - fee)
        payable[month][creator] += amount - fee
    unpaid: Counter[str] = Counter()
    runs = {}
    for month in sorted(by_month):
        unpaid.update(payable[month])
        paid = {creator: amount for creator, amount in unpaid.items() if amount >= MINIMUM}
        unpaid.subtract(paid)
        runs[month] = {"payouts": len(paid), "total": sum(paid.values())}
    return {
        "records": records,
        "months": by_month,
        "creators_total": by_creator,
        "monthly_runs": runs,
        "unpaid_after_last_run": {creator: amount for creator, amount in unpaid.items() if amount},
    }


@pytest.fixture
def catalog(sandbox: Stripe, folder: Path) -> None:
    call_command("add_source", "uci")
    call_command("import_catalog", folder / "catalog.csv")
    call_command("onboard_creators")


@pytest.fixture(scope="module")
def months(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The usable sales of each month, in a file of its own."""
    made = tmp_path_factory.mktemp("months")
    with lzma.open(folder / "billing.csv.xz", "rt") as file:
        header, *lines = file
    sales = defaultdict(list)
    for line in lines:
        sale = next(csv.reader([line]))
        if not problem(sale[6]):
            sales[sale[8][:7]].append(line)
    for month, of_month in sales.items():
        (made / f"{month}.csv").write_text("".join([header, *of_month]))
    return {month: made / f"{month}.csv" for month in sorted(sales)}


@pytest.fixture(scope="module")
def rejects(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sales that must be refused, each with the reason, in a file like the others."""
    given = folder / "rejects.csv"
    if given.exists():
        return given
    path = tmp_path_factory.mktemp("rejects") / "rejects.csv"
    with lzma.open(folder / "billing.csv.xz", "rt") as sales, path.open("w", newline="") as file:
        reader = csv.DictReader(sales)
        writer = csv.DictWriter(file, [*(reader.fieldnames or ()), "reason"])
        writer.writeheader()
        writer.writerows(sale | {"reason": reason} for sale in reader if (reason := problem(sale["amount"])))
    return path


def import_sales(path: Path) -> None:
    call_command("import_billing", str(path), "--source", "uci")


def run_after(month: str) -> None:
    year, number = map(int, month.split("-"))
    cutoff = date(year + number // 12, number % 12 + 1, 1)
    runs.make_run(cutoff=cutoff, now=sql.now())


def assert_earnings_are(expected: dict[str, Any]) -> None:
    by_creator = CreatorEarning.objects.values_list("creator__external_id").annotate(Sum("gross"), Sum("net"))
    assert {creator: {"gross": gross, "net": net} for creator, gross, net in by_creator} == expected[
        "creators_total"
    ]
    by_month = CreatorEarning.objects.values_list("period_start").annotate(
        Sum("gross"), Sum("net"), Sum("platform_fee")
    )
    assert {
        f"{month:%Y-%m}": {"gross": gross, "net": net, "fee": fee} for month, gross, net, fee in by_month
    } == expected["months"]


def assert_payouts_are(expected: dict[str, Any]) -> None:
    made = Payout.objects.order_by().values_list("run__cutoff").annotate(Count("pk"), Sum("net_amount"))
    by_cutoff = {cutoff: {"payouts": payouts, "total": total} for cutoff, payouts, total in made}
    assert [by_cutoff[cutoff] for cutoff in sorted(by_cutoff)] == [
        expected["monthly_runs"][month] for month in sorted(expected["monthly_runs"])
    ]
    unpaid = LedgerAccount.objects.filter(kind="creator_payable").exclude(balance=0)
    names = dict(
        CreatorEarning.objects.order_by().values_list("creator_id", "creator__external_id").distinct()
    )
    assert {names[row.owner_id]: row.balance for row in unpaid} == expected["unpaid_after_last_run"]


def test_imported_month_by_month_every_amount_is_right_to_the_cent(
    expected: dict[str, Any],
    catalog: None,
    months: dict[str, Path],
    sandbox: Stripe,
    settle: Callable[[], None],
) -> None:
    for month, sales in months.items():
        import_sales(sales)
        run_after(month)
        settle()
    assert BillingRecord.objects.count() == expected["records"]
    assert_earnings_are(expected)
    assert_payouts_are(expected)
    assert_everything_reached_the_bank(sandbox)


def assert_everything_reached_the_bank(sandbox: Stripe) -> None:
    """Check that transfers at Stripe, payouts and the ledger agree for each creator, and that all of it is paid."""
    assert set(Payout.objects.values_list("status", flat=True)) == {"paid"}
    state = sandbox.state()
    at_stripe: Counter[str] = Counter()
    for transfer in state["transfers"]:
        at_stripe[transfer["destination"]] += transfer["amount"]
    assert {payout["status"] for payout in state["payouts"]} == {"paid"}
    assert {payout["id"]: payout["amount"] for payout in state["payouts"]} == dict(
        Payout.objects.values_list("stripe_payout_id", "net_amount")
    )
    here = dict(
        Payout.objects.values_list("creator__payment_accounts__stripe_account_id").annotate(Sum("net_amount"))
    )
    assert at_stripe == here
    reserved = LedgerAccount.objects.filter(kind="payouts_reserved")
    assert all(account.balance == 0 for account in reserved)
    moved = dict(
        reserved.filter(entries__amount__gt=0).values_list("owner_id").annotate(Sum("entries__amount"))
    )
    assert moved == dict(Payout.objects.values_list("creator_id").annotate(Sum("net_amount")))
    books.require_sound()


def test_imported_by_shuffled_days_between_the_same_runs_the_result_is_the_same(
    expected: dict[str, Any], catalog: None, months: dict[str, Path], tmp_path: Path
) -> None:
    for month, sales in months.items():
        header, *lines = sales.read_text().splitlines(keepends=True)
        days = defaultdict(list)
        for line in lines:
            days[line.split(f",{month}-")[1][:2]].append(line)
        shuffled = random.Random(month)
        for day in shuffled.sample(sorted(days), len(days)):
            path = tmp_path / f"{month}-{day}.csv"
            path.write_text("".join([header, *shuffled.sample(days[day], len(days[day]))]))
            import_sales(path)
            call_command("post_earnings")
        run_after(month)
        for payout in Payout.objects.filter(status=PayoutStatus.PENDING):
            send_transfer(payout.pk, now=sql.now())
    assert_earnings_are(expected)
    assert_payouts_are(expected)


def test_the_whole_file_at_once_earns_the_same(folder: Path, expected: dict[str, Any], catalog: None) -> None:
    import_sales(folder / "billing.csv.xz")
    call_command("post_earnings")
    assert_earnings_are(expected)
    books.require_sound()


def test_each_reject_is_quarantined_with_its_reason_and_importing_again_changes_nothing(
    catalog: None, months: dict[str, Path], rejects: Path
) -> None:
    first = next(iter(months.values()))
    import_sales(first)
    for _ in range(2):
        import_sales(rejects)
        import_sales(first)
    with rejects.open(newline="") as file:
        reasons = {row["record_id"]: row["reason"] for row in csv.DictReader(file)}
    assert dict(QuarantinedRecord.objects.values_list("record_id", "reason")) == reasons
    assert QuarantinedRecord.objects.count() == len(reasons)
    batches = BillingBatch.objects.aggregate(Sum("accepted"), Sum("duplicates"))
    assert batches == {"accepted__sum": BillingRecord.objects.count(), "duplicates__sum": 0}
