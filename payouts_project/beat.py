"""Beat's scheduler: django-celery-beat's, which says at each tick that it is alive."""

from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler

from payouts_project import heartbeats


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # it has no types
    """Ticks every five seconds at least, and with each task that is due."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        delay: float = super().tick(*args, **kwargs)
        heartbeats.record(heartbeats.BEAT)
        return delay
