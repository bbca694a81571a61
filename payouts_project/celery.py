"""The Celery application; tasks are in each app's `tasks.py`."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, task_postrun, task_prerun, worker_init
from django.db import close_old_connections, connections

from payouts_project.heartbeats import WorkerHeartbeat

# There is only one settings file, whatever the shell's environment says.
os.environ["DJANGO_SETTINGS_MODULE"] = "payouts_project.settings"

app = Celery("payouts_project", loader="app")  # ignores CELERY_LOADER
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add(WorkerHeartbeat)


@task_prerun.connect
@task_postrun.connect
def renew_connections(**signal: Any) -> None:
    """Keep a thread's database connection between tasks, until it is old or broken.

    By default, Celery's threads close it before and after each task, which CELERY_DB_REUSE_MAX prevents: reopening
    connections took a fifth of a worker's time.
    """
    close_old_connections()


@worker_init.connect
@beat_init.connect
def verify_installation(**signal: Any) -> None:
    """Refuse to start on a database of another mode, or on an unsuitable one."""
    from stripe_io import installation  # noqa: PLC0415 (needs the apps)

    try:
        installation.verify()
    except Exception as refusal:
        raise SystemExit(f"Can't start: {refusal}") from refusal
    connections.close_all()  # tasks have their own threads and connections
