"""Notices to workers: Celery tasks that are sent once the transaction has committed.

A lost notice (no broker, a crash between commit and send) only costs time: a sweep finds the same work in the
database.
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
# How long a debounced task that never starts holds back others.
CLAIM_SECONDS = 10


def send_debounced_on_commit(task: str, /, **arguments: Any) -> None:
    """Send a task a second after commit; until it starts, further calls with the same arguments send nothing.

    The task calls `begin_debounced` before it reads anything, so that later calls send another. A broker that is down
    is logged, never raised.
    """

    def send() -> None:
        if _claim(_claim_key(task, arguments)):
            current_app.send_task(task, kwargs=arguments, countdown=GATHERING_SECONDS)

    # Django logs the name of a robust callback that fails.
    send.__qualname__ = task
    transaction.on_commit(send, robust=True)


def begin_debounced(task: str, /, **arguments: Any) -> None:
    with suppress(redis.RedisError):
        cache.delete(_claim_key(task, arguments))


def queue_length(queue: str) -> int:
    """Count the tasks that are waiting for a worker.

    Raises: kombu.exceptions.OperationalError if there is no broker.
    """
    with current_app.pool.acquire(block=True) as connection:
        channel = connection.default_channel  # type: ignore[attr-defined]  # the stubs declare a producer
        return int(channel.queue_declare(queue).message_count)


def _claim(key: str) -> bool:
    try:
        return cache.add(key, 1, timeout=CLAIM_SECONDS)
    except redis.RedisError:
        return True  # better one task too many


def _claim_key(task: str, arguments: Mapping[str, Any]) -> str:
    # Without spaces, which some caches don't accept in keys.
    return f"debounced:{task}:{json.dumps(arguments, sort_keys=True, separators=(',', ':'))}"
