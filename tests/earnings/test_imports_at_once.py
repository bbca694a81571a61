"""Concurrent and killed imports: nothing is lost or counted twice."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Count, Sum

from earnings.models import BillingBatch, BillingRecord, BillingSource, CreatorEarning, QuarantinedRecord
from earnings.reading.records import FIELDS
from tests.factories import SourceFactory
from tests.feeding import feed, post, record, refund
from tests.threads import at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("alice", "bob"),
]
ROOT = Path(__file__).parents[2]


def sales(count: int) -> list[dict[str, str]]:
    """Make charges, some with a refund, and a few bad lines."""
    lines: list[dict[str, str]] = []
    for number in range(count):
        sold = record(
            record_id=f"s-{number}",
            amount=100 + number % 37,
            api_id=f"api-{'ab'[number % 2]}",
            occurred_at=f"2024-{number % 5 + 1:02}-{number % 28 + 1:02}T12:00:00Z",
        )
        lines.append(sold)
        if number % 10 == 3:
            lines.append(refund(sold, record_id=f"f-{number}", amount=50))
        if number % 100 == 7:
            lines.append(record(record_id=f"x-{number}", amount="?"))
    return lines


def write(path: Path, lines: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(lines)
    return path


def expected(lines: list[dict[str, str]]) -> tuple[int, int]:
    """Return the gross of the lines, and the number of charges."""
    good = [line for line in lines if str(line["amount"]) != "?"]
    gross = sum(int(line["amount"]) * (1 if line["kind"] == "charge" else -1) for line in good)
    return gross, sum(line["kind"] == "charge" for line in good)


def test_the_same_file_imported_at_once_counts_once(
    source: BillingSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earnings.reading.records.BATCH_SIZE", 40)
    lines = sales(300)
    shuffled = [random.Random(number).sample(lines, len(lines)) for number in range(4)]

    def load(order: list[dict[str, str]]) -> int:
        return sum(feed(source, *order[start : start + 40]).accepted for start in range(0, len(order), 40))

    accepted = at_once(*(partial(load, order) for order in shuffled))
    post()
    good = [line for line in lines if str(line["amount"]) != "?"]
    assert sum(accepted) <= len(good)
    assert BillingRecord.objects.count() == len(good)
    assert QuarantinedRecord.objects.filter(resolved_at=None).count() == len(lines) - len(good)
    total = CreatorEarning.objects.aggregate(Sum("gross"), Sum("transactions"))
    assert tuple(total.values()) == expected(lines)


def test_two_sources_are_imported_side_by_side(source: BillingSource) -> None:
    sources = [source, *SourceFactory.create_batch(2)]
    lines = sales(100)
    at_once(*(partial(feed, sender, *lines) for sender in sources))
    post()
    by_source = BillingRecord.objects.values("source").annotate(count=Count("pk"))
    assert [row["count"] for row in by_source] == [110] * 3
    gross, charges = expected(lines)
    total = CreatorEarning.objects.aggregate(Sum("gross"), Sum("transactions"))
    assert tuple(total.values()) == (3 * gross, 3 * charges)


class Import:
    """`manage.py import_billing` as a separate process, on the tests' database."""

    def __init__(self, path: Path) -> None:
        settings = connection.settings_dict
        url = (
            f"postgres://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}"
            f"/{settings['NAME']}"
        )
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "import_billing", str(path), "--source", "billing", "--json"],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kill_after(self, records: int) -> bool:
        """Kill it once this many records are in; return whether it was still running."""
        while self._process.poll() is None and BillingRecord.objects.count() < records:
            time.sleep(0.002)
        time.sleep(random.random() * 0.1)
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()
        return self._process.returncode == -signal.SIGKILL

    def finish(self) -> dict[str, object]:
        out, error = self._process.communicate(timeout=120)
        assert self._process.returncode == 0, error
        return dict(json.loads(out.splitlines()[-1]))


@pytest.mark.full
def test_an_import_killed_at_any_moment_and_run_again_loses_and_doubles_nothing(
    source: BillingSource, tmp_path: Path
) -> None:
    lines = sales(60_000)
    path = write(tmp_path / "billing.csv", lines)
    good = [line for line in lines if str(line["amount"]) != "?"]
    killed = 0
    for fraction in (0, 0.1, 0.3, 0.5, 0.6, 0.8, 0.95):
        killed += Import(path).kill_after(int(len(good) * fraction))
        in_batches = BillingBatch.objects.aggregate(Sum("accepted"))["accepted__sum"] or 0
        assert in_batches == BillingRecord.objects.count()
        post()
    assert killed >= 3
    Import(path).finish()
    assert Import(path).finish()["duplicate"] == len(good)
    post()
    assert BillingRecord.objects.count() == len(good)
    assert QuarantinedRecord.objects.count() == len(lines) - len(good)
    total = CreatorEarning.objects.aggregate(Sum("gross"), Sum("transactions"))
    assert tuple(total.values()) == expected(lines)
    assert not BillingBatch.objects.filter(posted_at=None).exists()


@pytest.mark.full
def test_a_big_file_imported_by_three_processes_at_once_counts_once(
    source: BillingSource, tmp_path: Path
) -> None:
    lines = sales(20_000)
    path = write(tmp_path / "billing.csv", lines)
    results = [one.finish() for one in [Import(path) for _ in range(3)]]
    good = [line for line in lines if str(line["amount"]) != "?"]
    assert sum(int(str(one["accepted"])) for one in results) == len(good)
    post()
    total = CreatorEarning.objects.aggregate(Sum("gross"), Sum("transactions"))
    assert tuple(total.values()) == expected(lines)
