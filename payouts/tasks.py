"""Sending, on a queue of its own, and the beat tasks that find what is due."""

import time
from contextlib import suppress

from celery import current_app, shared_task
from django.conf import settings

from database import notices, sql
from payouts.errors import ReconciliationUnderWay
from payouts.services import reconciliation, sending
from payouts.services.deciding import forecasts, runs
from payouts.services.reconciliation import billing_differences, books

QUEUE = "payouts"
# So long a task attends to payouts; then others have their turn.
TURN_SECONDS = 5
# A payout takes no longer than this in the ordinary case: with so many workers to each request that Stripe takes a
# second, the next one is always at hand.
SECONDS_A_PAYOUT = 4


@shared_task(name="payouts.sweep")
def sweep() -> None:
    """Have as many tasks attend to payouts as are due and keep Stripe busy."""
    notices.begin_debounced("payouts.sweep")
    now = sql.now()
    new = sending.prepare(now=now)
    at_most = SECONDS_A_PAYOUT * settings.STRIPE_REQUESTS_PER_SECOND - notices.queue_length(QUEUE)
    for _ in range(sending.workers_wanted(now=now, new=new, at_most=at_most)):
        current_app.send_task("payouts.attend_due", kwargs={"new": new})


@shared_task(name="payouts.attend_due")
def attend_due(*, new: bool) -> None:
    """Attend to one payout after the other that is due, and have the sweep see whether there are more."""
    ends = time.monotonic() + TURN_SECONDS
    while time.monotonic() < ends:
        now = sql.now()
        payout_id = sending.take_due(now=now, new=new)
        if payout_id is None:
            return
        sending.attend(payout_id, now=now)
    notices.send_debounced_on_commit("payouts.sweep")


@shared_task(name="payouts.run_due")
def run_due() -> None:
    runs.make_due_run(now=sql.now())


@shared_task(name="payouts.forecast")
def forecast() -> None:
    """Say days ahead if the next run will need more than there is, in the log and for whoever watches tasks."""
    forecasts.require_funds(now=sql.now())


@shared_task(name="payouts.check_books")
def check_books() -> None:
    """Check the books, and fail loudly, in the log and for whoever watches tasks, if they don't hold."""
    books.require_sound()


@shared_task(name="payouts.compare_billing")
def compare_billing() -> None:
    """Compare with the marketplace's own tables, where there are any; what differs is in the table of differences."""
    if settings.BILLING_DATABASE:
        billing_differences.compare_billing_tables(settings.BILLING_DATABASE, now=sql.now())


@shared_task(name="payouts.reconcile")
def reconcile() -> None:
    """Compare with Stripe what moved since the last time; what differs is in the table of differences."""
    with suppress(ReconciliationUnderWay):
        reconciliation.reconcile(now=sql.now())
