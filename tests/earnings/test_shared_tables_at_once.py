"""The marketplace's tables with concurrent writers, concurrent passes, and passes that die."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from database import sql
from database.commands import close_connections_after
from earnings.errors import BillingDatabaseRefused
from earnings.models import BillingBatch, BillingRecord, BillingSource, CreatorEarning, QuarantinedRecord
from earnings.reading import tables
from earnings.services import shared_tables, sources
from earnings.services.shared_tables import read_shared_tables
from tests.earnings.marketplace import Marketplace, read
from tests.feeding import post
from tests.threads import PATIENCE_SECONDS, at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def no_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_tables, "OVERLAP", timedelta(0))


def record_ids() -> list[str]:
    return list(BillingRecord.objects.order_by("record_id").values_list("record_id", flat=True))


@pytest.mark.usefixtures("no_overlap")
def test_a_late_commit_is_not_missed(marketplace: Marketplace) -> None:
    with marketplace.connect() as late:
        marketplace.sell_in(late, 1)
        marketplace.sell(2)
        assert read(marketplace).accepted == 1
        assert read(marketplace).accepted == 0
        late.commit()
    assert read(marketplace).accepted == 1
    assert record_ids() == ["invoice:1", "invoice:2"]


@pytest.mark.usefixtures("no_overlap")
def test_nor_is_what_a_transaction_writes_that_had_only_begun(marketplace: Marketplace) -> None:
    with marketplace.connect() as late:
        late.execute("SELECT 1")
        marketplace.sell(2)
        read(marketplace)
        marketplace.sell_in(late, 1)
        late.commit()
    assert read(marketplace).accepted == 1


@pytest.mark.usefixtures("no_overlap")
def test_nor_is_a_refund_that_commits_late(marketplace: Marketplace) -> None:
    marketplace.sell(1)
    read(marketplace)
    with marketplace.connect() as late:
        late.execute("UPDATE invoices SET status = 'refunded', updated_at = now()")
        marketplace.sell(2)
        read(marketplace)
        late.commit()
    assert read(marketplace).accepted == 1
    assert record_ids() == ["invoice:1", "invoice:1:refund", "invoice:2"]


def test_with_hidden_transactions_the_overlap_finds_late_commits(marketplace: Marketplace) -> None:
    grants = """
        CREATE ROLE payouts_reader LOGIN PASSWORD 'secret';
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO payouts_reader;
    """
    with marketplace.role(grants=grants) as blind, marketplace.connect() as late:
        marketplace.sell_in(late, 1)
        marketplace.sell(2)
        read_shared_tables(blind, now=sql.now())
        assert BillingSource.objects.get().read_until is not None
        late.commit()
        assert read_shared_tables(blind, now=sql.now()).accepted == 1


@pytest.mark.full
def test_everything_written_during_passes_is_taken_in_once(
    marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transactions last longer than the overlap, which only covers the moment until they can be seen."""
    monkeypatch.setattr(shared_tables, "OVERLAP", timedelta(milliseconds=50))
    monkeypatch.setattr(tables, "CHUNK", 5)
    written, done = 40, Event()

    def write(writer: int) -> None:
        with marketplace.connect() as session:
            for number in range(written):
                marketplace.sell_in(session, writer * 1_000 + number)
                time.sleep(random.random() * 0.2)
                session.commit()

    def keep_reading() -> None:
        while not done.is_set():
            read(marketplace)

    def write_all() -> None:
        try:
            at_once(*(partial(write, writer) for writer in range(3)))
        finally:
            done.set()

    at_once(write_all, keep_reading, keep_reading)
    read(marketplace)
    assert BillingRecord.objects.count() == 3 * written
    assert not QuarantinedRecord.objects.exists()


def test_two_passes_at_once_count_everything_once(
    marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "CHUNK", 10)
    marketplace.count_usage()
    marketplace.use(5)
    for number in range(45):
        marketplace.sell(number, status="refunded" if number % 3 == 0 else "paid")
    results = at_once(*[partial(read, marketplace)] * 3)
    assert sum(result.accepted for result in results) == 60
    assert sum(result.conflicts for result in results) == 0
    assert sum(result.conflicts for result in results) == 0
    assert sum(result.ownerships_begun for result in results) == 1


def test_passes_that_saw_different_usage_make_no_conflict(marketplace: Marketplace) -> None:
    marketplace.count_usage()
    marketplace.sell(1)
    source = sources.register_source(shared_tables.SOURCE)
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            BillingSource.objects.select_for_update().get(pk=source.pk)
            passes = []
            for calls in (3, 4):
                marketplace.use(calls)
                passes.append(pool.submit(close_connections_after(partial(read, marketplace))))
                wait_until(lambda: waiting_for_locks() == len(passes))
        results = [one.result(PATIENCE_SECONDS) for one in passes]
    assert sum(result.accepted for result in results) == 1
    assert sum(result.duplicates for result in results) == 1


def waiting_for_locks() -> int:
    """Count the sessions that wait for a lock in our own database."""
    sql.run("SELECT pg_stat_clear_snapshot()")
    (row,) = sql.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return int(row["count"])


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, "it never comes"
        time.sleep(0.002)


def test_a_pass_that_loses_its_database_between_chunks_resumes_there(
    marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "CHUNK", 10)
    marketplace.sell_many(1_000)

    def cut_off() -> None:
        wait_until(lambda: BillingRecord.objects.count() >= 20)
        marketplace.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'payouts'"
        )

    def be_cut_off() -> None:
        with pytest.raises(BillingDatabaseRefused):
            read(marketplace)

    at_once(cut_off, be_cut_off)
    first = BillingRecord.objects.count()
    assert 20 <= first < 1_000
    assert BillingSource.objects.get().read_until == marketplace.changed_at(first)
    assert read(marketplace).accepted == 1_000 - first


@pytest.mark.full
def test_a_pass_killed_at_any_moment_and_run_again_loses_and_doubles_nothing(
    marketplace: Marketplace,
) -> None:
    count, killed = 100_000, 0
    marketplace.sell_many(count)
    for fraction in (0, 0.1, 0.3, 0.5, 0.8):
        process = start_pass(marketplace)
        while process.poll() is None and BillingRecord.objects.count() < count * fraction:
            time.sleep(0.002)
        time.sleep(random.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        assert BillingRecord.objects.count() == in_batches()
    assert killed >= 3
    out, error = start_pass(marketplace).communicate(timeout=120)
    assert json.loads(out)["conflict"] == 0, error
    assert BillingRecord.objects.count() == in_batches() == count
    post()
    assert CreatorEarning.objects.aggregate(Sum("gross"))["gross__sum"] == count * 1_000


def start_pass(marketplace: Marketplace) -> "subprocess.Popen[str]":
    """Run `manage.py read_billing_database` as a separate process, on the tests' database."""
    ours = connection.settings_dict
    return subprocess.Popen(
        [sys.executable, "manage.py", "read_billing_database", "--json"],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**ours),
            "BILLING_DATABASE_URL": marketplace.url,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def in_batches() -> int:
    return int(BillingBatch.objects.aggregate(Sum("accepted"))["accepted__sum"] or 0)
