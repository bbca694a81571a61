"""The Celery application: tasks are found in each app's `tasks.py`."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, task_postrun, task_prerun, worker_init
from django.db import close_old_connections, connections

from payouts_project.heartbeats import WorkerHeartbeat

# There is one settings file, whatever the shell is set for.
os.environ["DJANGO_SETTINGS_MODULE"] = "payouts_project.settings"

app = Celery("payouts_project", loader="app")  # not the one that CELERY_LOADER names
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add(WorkerHeartbeat)


@task_prerun.connect
@task_postrun.connect
def renew_connections(**signal: Any) -> None:
    """Keep a thread's database connection between tasks, until it is old or broken.

    Celery's own way with threads is to close them before and after each task (CELERY_DB_REUSE_MAX says otherwise);
    opening them again took a fifth of a worker's time.
    """
    close_old_connections()


@worker_init.connect
@beat_init.connect
def verify_installation(**signal: Any) -> None:
    """Stop the start on a database of another mode, or one that is unfit."""
    from stripe_io import installation  # noqa: PLC0415 (needs the apps)

    try:
        installation.verify()
    except Exception as refusal:
        raise SystemExit(f"The start is stopped: {refusal}") from refusal
    connections.close_all()  # tasks have threads and connections of their own
