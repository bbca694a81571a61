"""Sending, on a queue of its own, and the beat tasks that find what is due."""

from contextlib import suppress
from uuid import UUID

from celery import current_app, shared_task
from django.conf import settings

from database import notices, sql
from payouts.errors import ReconciliationUnderWay
from payouts.services import bank_payouts, books, forecasts, reconciliation, returned, runs, sweeps, transfers

QUEUE = "payouts"
# No more is queued than Stripe takes in this time: enough until the next sweep, and what falls due meanwhile, or what
# staff stop, need not wait behind all the rest.
QUEUED_SECONDS = 120


@shared_task(name="payouts.send_transfer")
def send_transfer(payout_id: str) -> None:
    transfers.send_transfer(UUID(payout_id), now=sql.now())


@shared_task(name="payouts.send_bank_payout")
def send_bank_payout(payout_id: str) -> None:
    bank_payouts.send_bank_payout(UUID(payout_id), now=sql.now())


@shared_task(name="payouts.attend_returned")
def attend_returned(payout_id: str) -> None:
    returned.attend(UUID(payout_id), now=sql.now())


@shared_task(name="payouts.sweep")
def sweep() -> None:
    """Top the queue up with payouts that are due; ones that are queued already are left to their task."""
    notices.begin_debounced("payouts.sweep")
    waiting = notices.queue_length(QUEUE)
    room = max(0, QUEUED_SECONDS * settings.STRIPE_REQUESTS_PER_SECOND - waiting)
    for task, payout_id in sweeps.find_due(now=sql.now(), at_most=room, waiting=waiting):
        current_app.send_task(task, kwargs={"payout_id": str(payout_id)})


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


@shared_task(name="payouts.reconcile")
def reconcile() -> None:
    """Compare with Stripe what moved since the last time; what differs is in the table of differences."""
    with suppress(ReconciliationUnderWay):
        reconciliation.reconcile(now=sql.now())
