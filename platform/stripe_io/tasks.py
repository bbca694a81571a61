"""Hand stored events to their handlers, a moment after they arrive and each minute; delete old ones each night."""

from celery import current_app, shared_task

from database import notices, sql
from stripe_io import retention, services

TASK = "stripe_io.sweep_inbox"
# After this many, the next task takes over, so that other tasks get their turn.
SHARE = 25


@shared_task(name=TASK)
def sweep_inbox() -> None:
    """Handle due events: those that just arrived, were missed, or failed on their last try."""
    notices.begin_debounced(TASK)
    if services.handle_due(at_most=SHARE) == SHARE:
        current_app.send_task(TASK)


@shared_task(name="stripe_io.forget_events")
def forget_events() -> None:
    """Delete old handled events batch by batch, each in a task and a transaction of its own."""
    if retention.forget_events(now=sql.now()):
        current_app.send_task("stripe_io.forget_events")
