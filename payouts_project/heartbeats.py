"""Signs of life of the workers and of beat, in Redis, for `/health/ready` and `/metrics`."""

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
    """Name the part that some worker plays for a queue: several may, and one is enough."""
    return f"worker:{queue}"


def parts() -> list[str]:
    """Name all parts that should be alive: beat, and a worker for each queue that tasks are sent to."""
    queues = sorted({route["queue"] for route in settings.CELERY_TASK_ROUTES.values()})
    return [BEAT, *(worker_of(queue) for queue in queues)]


def record(*parts: str) -> None:
    """Write down that these parts are alive now; without Redis go on, as their work matters more."""
    try:
        with client().pipeline(transaction=False) as pipeline:
            for part in parts:
                pipeline.set(_key(part), 1, ex=REMEMBERED)
            pipeline.execute()
    except redis.RedisError as error:
        log.warning("No heartbeat: Redis does not answer (%s)", type(error).__name__)


def ages() -> dict[str, timedelta | None]:
    """Measure how long ago each part was alive; None if it was not within a day.

    An age is the part of a key's life that is over, so that only Redis's own clock counts.

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
    """Part of a worker's consumer: lives while the worker is connected to its broker, and takes its tasks.

    Source: https://docs.celeryq.dev/en/stable/userguide/extending.html#consumer
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)
    _timer: Any = None

    def start(self, consumer: Any) -> None:
        self._timer = consumer.timer.call_repeatedly(INTERVAL_SECONDS, self._record, (consumer,))
        self._record(consumer)

    def stop(self, consumer: Any) -> None:
        if self._timer:  # else it never connected
            self._timer.cancel()

    def _record(self, consumer: Any) -> None:
        record(*(worker_of(queue.name) for queue in consumer.task_consumer.queues))


def _key(part: str) -> str:
    return f"heartbeat:{part}"
