"""Checks of the books don't pile up, however long one takes."""

import time

import psycopg
import pytest

from tests.running import RunningService

CHECKING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND state = 'active' AND query ILIKE '%%found AS MATERIALIZED%%'
    AND pid <> pg_backend_pid()
"""
VISIBILITY_TIMEOUT = 5
WATCHED_SECONDS = 25

pytestmark = [pytest.mark.full, pytest.mark.django_db(transaction=True)]


def test_one_check_runs_at_a_time(service: RunningService) -> None:
    service.set(CELERY_VISIBILITY_TIMEOUT=str(VISIBILITY_TIMEOUT))
    service.start_worker()
    seen: list[int] = []
    with (
        psycopg.connect(service.database_url) as blocker,
        psycopg.connect(service.database_url, autocommit=True) as watcher,
    ):
        # Stands for books so large that a check takes longer than the broker waits.
        blocker.execute("LOCK TABLE ledger_entries IN ACCESS EXCLUSIVE MODE")
        service.send("payouts.check_books")
        over = time.monotonic() + WATCHED_SECONDS
        while time.monotonic() < over:
            seen += [count for (count,) in watcher.execute(CHECKING)]
            time.sleep(0.5)
        blocker.rollback()
    assert max(seen) == 1
