"""Hand stored events to their handlers, and find those that were missed."""

from celery import shared_task

from database import sql
from stripe_io import services


@shared_task(name="stripe_io.handle_event")
def handle_event(event_id: str) -> None:
    services.handle_event(event_id=event_id, now=sql.now())


@shared_task(name="stripe_io.sweep_inbox")
def sweep_inbox() -> None:
    """Handle what is due: events whose task was lost, and those whose last try failed."""
    for event_id in services.due_events(now=sql.now()):
        services.handle_event(event_id=event_id, now=sql.now())
