"""Beat's schedules are in the database: created where they are missing, and never overwritten."""

import pytest
from celery import current_app
from django_celery_beat.models import PeriodicTask

from payouts_project import schedules

pytestmark = pytest.mark.django_db


def test_migrating_schedules_every_task_that_has_no_schedule() -> None:
    assert set(PeriodicTask.objects.values_list("name", flat=True)) >= set(schedules.SCHEDULES)


def test_every_scheduled_task_exists() -> None:
    current_app.loader.import_default_modules()
    assert set(schedules.SCHEDULES) <= set(current_app.tasks)


def test_changes_by_staff_are_kept() -> None:
    PeriodicTask.objects.filter(name="payouts.run_due").update(enabled=False, crontab=None, interval=None)
    PeriodicTask.objects.filter(name="payouts.sweep").delete()
    schedules.create_missing()
    assert not PeriodicTask.objects.get(name="payouts.run_due").enabled
    assert PeriodicTask.objects.get(name="payouts.sweep").expire_seconds == 60
