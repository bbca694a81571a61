"""However many requests come at once, the web uses a limited number of connections and leaves none behind."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import psycopg
import pytest
from django.db import connection

from database import sql
from database.commands import close_connections_after
from tests.bursts import ask_at_once
from tests.running import RunningService
from tests.waiting import wait_until

PROCESSES = 2
THREADS = 4
NAME = "web"
READY = "/health/ready"  # it uses the database, and needs no token

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(service: RunningService) -> RunningService:
    service.set(
        GRANIAN_WORKERS=str(PROCESSES),
        GRANIAN_BLOCKING_THREADS=str(THREADS),
        DATABASE_URL=f"{service.database_url}?application_name={NAME}",
    )
    service.start_web()
    return service


def held() -> int:
    (row,) = sql.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = %(name)s", {"name": NAME}
    )
    return int(row["count"])


def break_all() -> None:
    sql.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %(name)s",
        {"name": NAME},
    )


@contextmanager
def held_over_time() -> Iterator[list[int]]:
    """Record repeatedly how many connections the web holds."""
    counts = [held()]
    over = Event()

    def watch() -> None:
        while not over.wait(0.02):
            counts.append(held())

    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(close_connections_after(watch))
        try:
            yield counts
        finally:
            over.set()
        watching.result()


@contextmanager
def database_away() -> Iterator[None]:
    """End the web's connections and prevent new ones."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as outside:
        outside.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            break_all()
            yield
        finally:
            outside.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@pytest.mark.full
@pytest.mark.parametrize("number", [20, 1_000])
def test_a_burst_is_served_and_leaves_no_connection_behind(web: RunningService, number: int) -> None:
    with held_over_time() as counts:
        for _ in range(2):
            answers = ask_at_once(web.port, READY, number)
            assert Counter(answer.status for answer in answers) == {200: number}
    assert PROCESSES < max(counts) <= PROCESSES * THREADS
    wait_until(lambda: held() == PROCESSES, seconds=20)


@pytest.mark.full
def test_broken_connections_are_replaced_and_the_web_survives_an_outage_of_its_database(
    web: RunningService,
) -> None:
    def all_are_served() -> bool:
        return {answer.status for answer in ask_at_once(web.port, READY, 50)} == {200}

    assert all_are_served()
    break_all()
    wait_until(all_are_served, seconds=5)
    with database_away():
        refused = ask_at_once(web.port, "/metrics", 2 * PROCESSES * THREADS)
    assert {(answer.status, answer.headers["retry-after"]) for answer in refused} == {(503, "5")}
    assert max(answer.seconds for answer in refused) < 10
    wait_until(all_are_served, seconds=5)


def test_the_web_does_not_start_without_a_limit_on_its_threads(service: RunningService) -> None:
    service.set(GRANIAN_BLOCKING_THREADS="")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        service.run(sys.executable, "-c", "import payouts_project.wsgi")
    assert "GRANIAN_BLOCKING_THREADS is not set" in refused.value.stderr
