"""Hand stored events to their handlers: a moment after they came, and those that were missed, each minute."""

from celery import current_app, shared_task

from database import notices
from stripe_io import services

TASK = "stripe_io.sweep_inbox"
# So many, and the next task takes over: other tasks have their turn between.
SHARE = 25


@shared_task(name=TASK)
def sweep_inbox() -> None:
    """Handle what is due: events that just came, that were missed, or whose last try failed."""
    notices.begin_debounced(TASK)
    if services.handle_due(at_most=SHARE) == SHARE:
        current_app.send_task(TASK)
