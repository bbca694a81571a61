"""Each validation of the books finds its fault, and `check_books` reports it."""

import json
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from database import sql
from payouts import tasks
from payouts.errors import BooksCheckUnderWay
from payouts.services.reconciliation import books
from tests.payouts.corruptions import CORRUPTIONS
from tests.payouts.market import Market, findings_of, unsound
from tests.payouts.tampering import guards_off, undone

VALIDATIONS = {path.stem: path for path in books.validations()}
SOUND: dict[str, list[str]] = {name: [] for name in VALIDATIONS}
# What is missing, and the validation that reports it.
MISSING = [
    ("DELETE FROM payout_line_items", "payouts_are_the_sum_of_their_lines"),
    ("DELETE FROM payout_attempts", "payouts_sent_have_one_transfer"),
    ("UPDATE payouts SET stripe_transfer_id = 'x' WHERE status = 'in_transit'", "payouts_sent_have_one_transfer"),
    ("DELETE FROM earning_postings", "earnings_are_the_sum_of_their_postings"),
    ("DELETE FROM earning_postings", "postings_are_the_sum_of_their_records"),
    ("UPDATE earning_postings SET batches = batches[2:]", "postings_are_the_sum_of_their_records"),
    ("DELETE FROM billing_records", "postings_are_the_sum_of_their_records"),
    ("DELETE FROM billing_records", "batches_hold_what_they_accepted"),
    ("DELETE FROM ledger_entries", "ledger_balances_are_the_sum_of_entries"),
    ("DELETE FROM ledger_accounts WHERE kind = 'creator_payable'", "creator_payable_is_unclaimed_earnings"),
    ("DELETE FROM ledger_accounts WHERE kind = 'payouts_reserved'", "payouts_reserved_is_payouts_unsent"),
    ("UPDATE creator_earnings SET creator_id = uuid7() WHERE payout_id IS NOT NULL", "dead_payouts_hold_no_rows"),
    ("DELETE FROM creator_earnings WHERE payout_id IS NOT NULL", "live_payouts_are_the_sum_of_their_rows"),
]  # fmt: skip


@pytest.mark.django_db
def test_busy_books_are_sound(busy: Market) -> None:
    assert unsound() == {}


@pytest.mark.django_db
def test_busier_books_are_sound(busier: Market) -> None:
    assert unsound() == {}


def test_each_validation_has_a_corruption_that_it_finds() -> None:
    assert set(SOUND) <= {corruption.found_by for corruption in CORRUPTIONS}


@pytest.mark.django_db
def test_each_corruption_is_found_or_refused(busier: Market, subtests: pytest.Subtests) -> None:
    for corruption in CORRUPTIONS:
        with subtests.test(corruption.what), undone(), guards_off():
            if corruption.found_by in VALIDATIONS:
                assert sql.run(corruption.statement)
                assert findings_of(VALIDATIONS[corruption.found_by])
            else:
                with pytest.raises(IntegrityError, match=corruption.found_by), transaction.atomic():
                    sql.run(corruption.statement)


@pytest.mark.django_db
def test_missing_rows_are_found_too(busy: Market, subtests: pytest.Subtests) -> None:
    for fault, found in MISSING:
        with subtests.test(fault, found_by=found), undone(), guards_off():
            assert sql.run(fault)
            assert findings_of(VALIDATIONS[found])


def checked() -> tuple[int, dict[str, list[str]]]:
    out = StringIO()
    code = 0
    try:
        call_command("check_books", "--json", stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, json.loads(out.getvalue())


@pytest.mark.django_db(transaction=True)
def test_check_books_exits_with_1_if_a_validation_fails(busy: Market) -> None:
    assert checked() == (0, SOUND)
    books.require_sound()
    with guards_off():
        sql.run("UPDATE payout_line_items SET commission_bps = 1000")
    code, findings = checked()
    assert code == 1
    assert {name for name, found in findings.items() if found} == {"lines_are_as_their_earnings"}
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_books", stdout=out)
    assert "FAILED lines_are_as_their_earnings" in out.getvalue()
    *_, summary = out.getvalue().splitlines()
    assert summary == f"The books do not balance: {len(SOUND) - 1} of {len(SOUND)} checks passed."
    with pytest.raises(books.BooksDisagree, match="lines_are_as_their_earnings"):
        books.require_sound()


@pytest.mark.django_db(transaction=True)
def test_one_check_of_the_books_runs_at_a_time() -> None:
    connection.ensure_connection()
    with psycopg.connect(
        connection.connection.info.dsn, password=connection.settings_dict["PASSWORD"]
    ) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('payouts.check_books', 0))")
        with pytest.raises(BooksCheckUnderWay):
            books.check_all(now=sql.now())
        tasks.check_books()
        with pytest.raises(CommandError, match="is running"):
            call_command("check_books")
        other.execute("SELECT pg_advisory_unlock_all()")
        assert books.check_all(now=sql.now())


@pytest.mark.django_db(transaction=True)
def test_the_books_are_checked_on_one_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each validation sees the same books, and can change nothing in them."""
    settings = ["enable_nestloop", "transaction_isolation", "transaction_read_only"]
    for name in settings:
        (tmp_path / name).write_text(f"SELECT current_setting('{name}') AS finding")
    monkeypatch.setattr(books, "validations", lambda: [tmp_path / name for name in settings])
    assert [list(validation.findings) for validation in books.check_all(now=sql.now())] == [
        ["off"],
        ["repeatable read"],
        ["on"],
    ]
