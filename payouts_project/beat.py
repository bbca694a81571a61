"""Beat's scheduler: django-celery-beat's, with a heartbeat on each tick."""

from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler

from payouts_project import heartbeats


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # it has no types
    """Ticks at least every five seconds, and for each due task."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        delay: float = super().tick(*args, **kwargs)
        heartbeats.record(heartbeats.BEAT)
        return delay
