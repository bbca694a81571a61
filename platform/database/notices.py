"""Notices to other parts: a Celery task's name, sent once the transaction has committed.

A notice that is lost (no broker, a crash between commit and send) costs only time: each has a sweep behind
it that finds the same work in the database.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import redis
from celery import current_app
from django.core.cache import cache
from django.db import transaction

GATHERING_SECONDS = 1
# A debounced task that never started keeps others back no longer than this.
CLAIM_SECONDS = 10


def send_debounced_on_commit(task: str, /, **arguments: Any) -> None:
    """Send the named task a second after commit, once for all who ask, with the same arguments, until it starts.

    The task calls `begin_debounced` before it looks at anything: whoever asks later gets another. A broker that is
    down is logged, never raised.
    """

    def send() -> None:
        if _claim(_claim_key(task, arguments)):
            current_app.send_task(task, kwargs=arguments, countdown=GATHERING_SECONDS)

    # Django logs a robust callback that fails by its name.
    send.__qualname__ = task
    transaction.on_commit(send, robust=True)


def begin_debounced(task: str, /, **arguments: Any) -> None:
    with suppress(redis.RedisError):
        cache.delete(_claim_key(task, arguments))


def queue_length(queue: str) -> int:
    """Count the tasks that wait for a worker.

    Raises: kombu.exceptions.OperationalError if there is no broker.
    """
    with current_app.pool.acquire(block=True) as connection:
        channel = connection.default_channel  # type: ignore[attr-defined]  # the stubs take it for a producer
        return int(channel.queue_declare(queue).message_count)


def _claim(key: str) -> bool:
    try:
        return cache.add(key, 1, timeout=CLAIM_SECONDS)
    except redis.RedisError:
        return True  # better once too often


def _claim_key(task: str, arguments: Mapping[str, Any]) -> str:
    # Without spaces, which not every cache takes.
    return f"debounced:{task}:{json.dumps(arguments, sort_keys=True, separators=(',', ':'))}"
