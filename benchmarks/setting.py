"""What the benchmarks share: a service of their own, real lines to feed it, and how figures are told."""

import csv
import lzma
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO

import django

from payouts_project.demo.extract import BILLING, CATALOG
from payouts_project.local.testing import throwaway_environment

SOURCE = "benchmark"


@contextmanager
def service() -> Iterator[None]:
    """Run on empty servers of our own, with the demo's catalogue registered."""
    with throwaway_environment():
        os.environ["DJANGO_SETTINGS_MODULE"] = "payouts_project.settings"
        os.environ["LOG_LEVEL"] = "WARNING"
        django.setup()
        manage("migrate", verbosity=0)
        manage("add_source", SOURCE)
        manage("import_catalog", CATALOG)
        yield


def manage(*command: object, **options: object) -> None:
    from django.core.management import call_command  # noqa: PLC0415 (Django is set up by now)

    call_command(str(command[0]), *command[1:], stdout=StringIO(), stderr=StringIO(), **options)


def billing_csv(lines: int, *, generation: int | str) -> tuple[str, list[str]]:
    """Return a header and this many lines of real sales; each generation has record ids of its own."""
    with lzma.open(BILLING, "rt", newline="") as file:
        reader = csv.reader(file)
        header = ",".join(next(reader))
        sales = [row for row in reader if row[6].isdigit() and int(row[6]) > 0]
    rows = []
    for number in range(lines):
        row = sales[number % len(sales)]
        rows.append(",".join([f"{generation}-{number // len(sales)}-{row[0]}", *row[1:]]) + "\n")
    return header + "\n", rows


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def tell(title: str, figures: Mapping[str, Sequence[float]], *, rows: int, floor: str) -> None:
    """Print the median of each way, in rows per second, and its speed as a share of the floor's."""
    base = statistics.median(figures[floor])
    print(f"{title}, {rows:,} rows, {len(figures[floor])} rounds")
    for name, times in figures.items():
        median = statistics.median(times)
        print(f"  {name:44} {rows / median:>12,.0f} rows/s   {base / median:5.2f} × {floor}")
