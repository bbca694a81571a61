"""Each validation of the books finds the fault that it is for, and `check_books` says so."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from database import sql
from payouts.models import Payout
from payouts.services import books, transfers
from tests.payouts.market import Market, unsound

SOUND: dict[str, list[str]] = {path.stem: [] for path in books.VALIDATIONS}


@contextmanager
def guards_off() -> Iterator[None]:
    """Let the test do what the triggers refuse: what a restored backup or a mistaken superuser could leave."""
    sql.run("SET CONSTRAINTS ALL IMMEDIATE")
    sql.run("SET session_replication_role = replica")
    try:
        yield
    finally:
        sql.run("SET session_replication_role = DEFAULT")


@pytest.fixture
def busy(market: Market, sandbox: Any) -> Market:
    """A bit of everything: a payout sent, one waiting, one that failed, and earnings left over."""
    alice, bob, charlie = market.creators(["alice", "bob", "charlie"], account=None)
    for creator in (alice, bob, charlie):
        market.onboard(creator)
        market.sell(creator, 100_00)
        market.sell(creator, 5_00, at="2025-10-05T12:00:00Z")
    market.refund(alice, 1_00)
    market.adjust(bob, 2_00, booked_at=sql.now())
    market.run()
    for creator in (alice, bob):
        if creator == bob:
            sandbox.inject(
                {
                    "method": "POST",
                    "path": "/v1/transfers",
                    "kind": "status",
                    "status": 400,
                    "code": "account_closed",
                }
            )
        transfers.send_transfer(Payout.objects.get(creator=creator).pk, now=sql.now())
    statuses = Payout.objects.order_by("creator__external_id").values_list("status", flat=True)
    assert list(statuses) == ["in_transit", "failed", "pending"]
    return market


FAULTS = {
    "adjustments_are_as_booked": """
        UPDATE adjustments SET amount = amount + 1 WHERE status = 'approved'
    """,
    "charges_are_taken_back_as_recorded": """
        INSERT INTO charge_takebacks (charge_id, amount, taken_back)
        SELECT id, amount, 1 FROM billing_records WHERE kind = 'charge' LIMIT 1
    """,
    "creator_payable_is_unclaimed_earnings": """
        UPDATE creator_earnings SET payout_id = NULL
        WHERE payout_id = (SELECT id FROM payouts WHERE status = 'pending')
    """,
    "dead_payouts_hold_no_rows": """
        UPDATE creator_earnings SET payout_id = (SELECT id FROM payouts WHERE status = 'failed')
        WHERE closed_at IS NOT NULL AND payout_id IS NULL
    """,
    "earnings_are_the_sum_of_their_postings": "UPDATE creator_earnings SET transactions = transactions + 1",
    "ledger_balances_are_the_sum_of_entries": """
        UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'payouts_reserved'
    """,
    "ledger_transactions_sum_to_zero": """
        UPDATE ledger_entries SET amount = amount + 1
        WHERE id = (SELECT max(id) FROM ledger_entries)
    """,
    "lines_are_as_their_earnings": "UPDATE payout_line_items SET commission_bps = 1000",
    "live_payouts_are_the_sum_of_their_rows": """
        UPDATE creator_earnings SET payout_id = NULL
        WHERE payout_id = (SELECT id FROM payouts WHERE status = 'in_transit')
    """,
    "paid_totals_are_the_sum_of_paid_rows": "UPDATE payouts SET status = 'paid' WHERE status = 'in_transit'",
    "payouts_are_the_sum_of_their_lines": """
        UPDATE payouts SET gross_amount = gross_amount + 1, platform_fee = platform_fee + 1
    """,
    "payouts_reserved_is_payouts_unsent": "UPDATE payouts SET status = 'cancelled' WHERE status = 'pending'",
    "payouts_sent_have_one_transfer": "UPDATE payout_attempts SET amount = amount + 1 WHERE status = 'succeeded'",
    "postings_are_the_sum_of_their_records": """
        UPDATE billing_records SET amount = amount + 1 WHERE id = (SELECT max(id) FROM billing_records)
    """,
    "records_belong_to_a_batch": """
        UPDATE billing_records SET batch_id = -1 WHERE id = (SELECT max(id) FROM billing_records)
    """,
    "stripe_balance_is_payouts_sent": "UPDATE payouts SET status = 'pending' WHERE status = 'in_transit'",
    "suspense_is_reversals_unplaced": "UPDATE payouts SET amount_reversed = 1 WHERE status = 'in_transit'",
}


@pytest.mark.django_db
def test_busy_books_are_sound(busy: Market) -> None:
    assert unsound() == {}


@pytest.mark.django_db
@pytest.mark.parametrize("validation", SOUND)
def test_each_validation_finds_its_fault(busy: Market, validation: str) -> None:
    with guards_off():
        assert sql.run(FAULTS[validation])
    assert unsound()[validation]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("DELETE FROM payout_line_items", "payouts_are_the_sum_of_their_lines"),
        ("DELETE FROM payout_attempts", "payouts_sent_have_one_transfer"),
        ("UPDATE payouts SET stripe_transfer_id = 'x' WHERE status = 'in_transit'", "payouts_sent_have_one_transfer"),
        ("DELETE FROM earning_postings", "earnings_are_the_sum_of_their_postings"),
        ("DELETE FROM earning_postings", "postings_are_the_sum_of_their_records"),
        ("UPDATE earning_postings SET batches = batches[2:]", "postings_are_the_sum_of_their_records"),
        ("DELETE FROM billing_records", "postings_are_the_sum_of_their_records"),
        ("DELETE FROM ledger_entries", "ledger_balances_are_the_sum_of_entries"),
        ("DELETE FROM ledger_accounts WHERE kind = 'creator_payable'", "creator_payable_is_unclaimed_earnings"),
        ("DELETE FROM ledger_accounts WHERE kind = 'payouts_reserved'", "payouts_reserved_is_payouts_unsent"),
        ("UPDATE creator_earnings SET creator_id = uuid7() WHERE payout_id IS NOT NULL", "dead_payouts_hold_no_rows"),
        ("DELETE FROM creator_earnings WHERE payout_id IS NOT NULL", "live_payouts_are_the_sum_of_their_rows"),
    ],
)  # fmt: skip
def test_what_is_missing_is_found_too(busy: Market, fault: str, found: str) -> None:
    with guards_off():
        assert sql.run(fault)
    assert unsound()[found]


def checked() -> tuple[int, dict[str, list[str]]]:
    out = StringIO()
    code = 0
    try:
        call_command("check_books", "--json", stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, json.loads(out.getvalue())


@pytest.mark.django_db(transaction=True)
def test_check_books_exits_with_1_when_something_does_not_hold(busy: Market) -> None:
    assert checked() == (0, SOUND)
    books.require_sound()
    with guards_off():
        sql.run(FAULTS["lines_are_as_their_earnings"])
    code, findings = checked()
    assert code == 1
    assert {name for name, found in findings.items() if found} == {"lines_are_as_their_earnings"}
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_books", stdout=out)
    assert "FAILED lines_are_as_their_earnings" in out.getvalue()
    *_, summary = out.getvalue().splitlines()
    assert summary == f"The books do not balance: {len(SOUND) - 1} of {len(SOUND)} validations hold."
    with pytest.raises(books.BooksDisagree, match="lines_are_as_their_earnings"):
        books.require_sound()


@pytest.mark.django_db(transaction=True)
def test_the_books_are_checked_on_one_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each validation sees the same books, and can change nothing in them."""
    settings = ["transaction_isolation", "transaction_read_only"]
    for name in settings:
        (tmp_path / name).write_text(f"SELECT current_setting('{name}') AS finding")
    monkeypatch.setattr(books, "VALIDATIONS", [tmp_path / name for name in settings])
    assert [list(validation.findings) for validation in books.check()] == [["repeatable read"], ["on"]]
