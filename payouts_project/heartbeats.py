"""Heartbeats of the workers and beat, kept in Redis for `/health/ready` and `/metrics`."""

import logging
from datetime import timedelta
from typing import Any

import redis
from celery import bootsteps
from django.conf import settings

from web.redis_client import client

INTERVAL_SECONDS = 5
LATE = timedelta(minutes=1)
REMEMBERED = timedelta(days=1)
BEAT = "beat"
log = logging.getLogger(__name__)


def worker_of(queue: str) -> str:
    """Name the part for a queue's workers: one of them is enough to keep it alive."""
    return f"worker:{queue}"


def parts() -> list[str]:
    """List all parts that should be alive: beat, and a worker for each queue."""
    queues = sorted({route["queue"] for route in settings.CELERY_TASK_ROUTES.values()})
    return [BEAT, *(worker_of(queue) for queue in queues)]


def record(*parts: str) -> None:
    """Record that these parts are alive now. Without Redis, carry on: their work matters more."""
    try:
        with client().pipeline(transaction=False) as pipeline:
            for part in parts:
                pipeline.set(_key(part), 1, ex=REMEMBERED)
            pipeline.execute()
    except redis.RedisError as error:
        log.warning("Heartbeat not recorded: Redis does not answer (%s)", type(error).__name__)


def ages() -> dict[str, timedelta | None]:
    """Return the age of each part's last heartbeat; None if there was none within a day.

    The age is computed from the key's remaining lifetime, so that only Redis's clock is used.

    Raises: redis.RedisError.
    """
    names = parts()
    with client().pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.pttl(_key(name))
        left = pipeline.execute()
    return {
        name: REMEMBERED - timedelta(milliseconds=milliseconds) if milliseconds > 0 else None
        for name, milliseconds in zip(names, left, strict=True)
    }


class WorkerHeartbeat(bootsteps.StartStopStep):
    """Part of a worker's consumer, active while the worker is connected to its broker and accepts tasks.

    Source: https://docs.celeryq.dev/en/stable/userguide/extending.html#consumer
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)
    _timer: Any = None

    def start(self, consumer: Any) -> None:
        self._timer = consumer.timer.call_repeatedly(INTERVAL_SECONDS, self._record, (consumer,))
        self._record(consumer)

    def stop(self, consumer: Any) -> None:
        if self._timer:  # None if it never connected
            self._timer.cancel()

    def _record(self, consumer: Any) -> None:
        record(*(worker_of(queue.name) for queue in consumer.task_consumer.queues))


def _key(part: str) -> str:
    return f"heartbeat:{part}"
