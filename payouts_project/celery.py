"""The Celery application: tasks are found in each app's `tasks.py`."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

from payouts_project.heartbeats import WorkerHeartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payouts_project.settings")

app = Celery("payouts_project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add(WorkerHeartbeat)


@worker_init.connect
@beat_init.connect
def verify_installation(**signal: Any) -> None:
    """Stop the start on a database of another mode, or of a PostgreSQL that is too old."""
    from stripe_io import installation  # noqa: PLC0415 (needs the apps)

    try:
        installation.verify()
    except Exception as refusal:
        raise SystemExit(f"The start is stopped: {refusal}") from refusal
