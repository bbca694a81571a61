"""Notices to other parts: a Celery task's name, sent once the transaction has committed.

A notice that is lost (no broker, a crash between commit and send) costs only time: each has a sweep behind
it that finds the same work in the database.
"""

from typing import Any

from celery import current_app
from django.db import transaction


def send_on_commit(task: str, /, **arguments: Any) -> None:
    """Send the named task after commit; a broker that is down is logged, never raised."""

    def send() -> None:
        current_app.send_task(task, kwargs=arguments)

    # Django logs a robust callback that fails by its name, which a partial doesn't have.
    send.__qualname__ = task
    transaction.on_commit(send, robust=True)
