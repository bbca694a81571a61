"""Beat's schedules: rows of django-celery-beat, created where they are missing and never overwritten."""

from django_celery_beat.models import CrontabSchedule, PeriodicTask

EVERY = "*"
# name: (minute, hour) in cron syntax, UTC
SCHEDULES = {
    "accounts.forget_logins": ("20", "2"),
    "accounts.lift_expired_holds": (EVERY, EVERY),
    "accounts.seal_acts": ("10", "0"),
    "accounts.retry_refused": ("25", EVERY),
    "accounts.sync_stale": ("50", EVERY),
    "console.forget_submissions": ("25", "2"),
    "earnings.post_due": ("5", EVERY),
    "payouts.run_due": ("15", EVERY),
    "payouts.retry_failed": ("25", EVERY),
    "payouts.sweep": (EVERY, EVERY),
    "payouts.compare_billing": ("0", "3"),
    "payouts.check_books": ("30", "3"),
    "payouts.forecast": ("30", "5"),
    "payouts.reconcile": ("0", "4"),
    "revenue.refresh_stale": ("*/5", EVERY),
    "revenue.report_due": ("45", EVERY),
    "stripe_io.forget_events": ("40", "2"),
    "stripe_io.sweep_inbox": (EVERY, EVERY),
}


def create_missing() -> None:
    """Schedule each task that has no schedule; staff may change or disable any of them."""
    for task, (minute, hour) in SCHEDULES.items():
        if not PeriodicTask.objects.filter(name=task).exists():
            crontab, _ = CrontabSchedule.objects.get_or_create(minute=minute, hour=hour, timezone="UTC")
            # A task of every minute doesn't have to wait in the queue while the workers are down.
            expires = 60 if minute == EVERY else None
            PeriodicTask.objects.create(name=task, task=task, crontab=crontab, expire_seconds=expires)
