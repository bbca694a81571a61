"""From billing records to money in the bank, end to end."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from database import sql
from payouts.models import Payout
from payouts.services.deciding import runs
from payouts.services.reconciliation import books
from tests.local_stripe import Stripe

CATALOG = """api_id,api_name,creator_id,creator_email,creator_country
api-a,Weather,alice,alice@example.com,US
api-b,Maps,bob,bob@example.com,US
api-c,News,charlie,charlie@example.com,US
"""
BILLING = "record_id,kind,api_id,amount,currency,occurred_at\n" + "".join(
    f"r-{number},{'refund' if number % 7 == 6 else 'charge'},api-{'abc'[number % 3]},{999 + number},USD,"
    f"2026-09-{number + 1:02}T12:00:00Z\n"
    for number in range(20)
)


@pytest.mark.django_db(transaction=True)
def test_records_become_earnings_and_payouts_and_money_in_the_bank(
    tmp_path: Path, sandbox: Stripe, settle: Callable[[], None]
) -> None:
    (tmp_path / "catalog.csv").write_text(CATALOG)
    (tmp_path / "billing.csv").write_text(BILLING)
    call_command("import_catalog", tmp_path / "catalog.csv")
    call_command("add_source", "billing")
    call_command("import_billing", str(tmp_path / "billing.csv"), "--source", "billing")
    call_command("onboard_creators")
    runs.make_run(cutoff=date(2026, 10, 1), now=sql.now())
    settle()
    assert dict(Payout.objects.values_list("creator__external_id", "status")) == {
        "alice": "paid",
        "bob": "paid",
        "charlie": "paid",
    }
    sent = {transfer["transfer_group"]: transfer["amount"] for transfer in sandbox.transfers()}
    assert sent == {payout.transfer_group: payout.net_amount for payout in Payout.objects.all()}
    books.require_sound()
