"""Periodic tasks about what staff confirmed."""

from celery import shared_task

from console.acting import submissions
from database import sql


@shared_task(name="console.forget_submissions")
def forget_submissions() -> None:
    submissions.forget(now=sql.now())
