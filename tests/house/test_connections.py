"""A worker's threads keep their database connections between tasks, and replace broken ones."""

import pytest

from accounts.models import Hold, HoldSource
from database import sql
from tests.factories import CreatorFactory
from tests.running import RunningService
from tests.waiting import wait_until

THREADS = 8  # as many as tests.running gives a worker
TASK = "accounts.lift_expired_holds"


def others() -> set[int]:
    """List the database's backends, except this test's and those for maintenance."""
    rows = sql.rows(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    return {row["pid"] for row in rows}


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_connections_last_across_tasks_and_a_broken_one_is_replaced(service: RunningService) -> None:

    def do(tasks: int) -> None:
        for _ in range(tasks):
            service.send(TASK)
        wait_until(service.is_idle, seconds=60)

    service.start_worker()
    do(1)
    assert len(others()) == 1  # only the thread that runs tasks has one
    do(30)
    opened = others()
    do(30)
    assert 0 < len(opened) <= THREADS
    assert opened <= others()

    sql.rows("SELECT pg_terminate_backend(pid) FROM unnest(%(pids)s) AS pid", {"pids": list(others())})
    Hold.objects.create(
        creator=CreatorFactory.create(), source=HoldSource.STAFF, reason="Odd", expires_at=sql.now()
    )
    do(30)
    assert Hold.objects.get().lifted_at is not None
    assert not opened & others()
