"""Sending, on its own queue, and the beat tasks that find what is due."""

import logging
import time
from contextlib import suppress

from celery import current_app, shared_task
from django.conf import settings

from database import notices, sql
from payouts.errors import BooksCheckUnderWay, ReconciliationUnderWay
from payouts.services import reconciliation, sending
from payouts.services.deciding import forecasts, gate, retries, runs
from payouts.services.reconciliation import billing_differences, books
from stripe_io import pacing
from stripe_io.errors import StripeCallFailed

logger = logging.getLogger(__name__)
QUEUE = "payouts"
# How long one task attends to payouts before it gives way to others.
TURN_SECONDS = 5
# A payout rarely takes longer. This many workers per request that Stripe takes a second always have the next one ready.
SECONDS_A_PAYOUT = 4
# Each to its own endpoint: the transfer, what it brought, the bank payout.
CALLS_A_PAYOUT = 3


@shared_task(name="payouts.sweep")
def sweep() -> None:
    """Start as many tasks as there are due payouts, up to the number that keeps Stripe busy."""
    notices.begin_debounced("payouts.sweep")
    now = sql.now()
    new = sending.prepare(now=now)
    payouts_per_second = pacing.requests_per_second(endpoints=CALLS_A_PAYOUT)
    at_most = SECONDS_A_PAYOUT * payouts_per_second - notices.queue_length(QUEUE)
    for _ in range(sending.workers_wanted(now=now, new=new, at_most=at_most)):
        current_app.send_task("payouts.attend_due", kwargs={"new": new})


@shared_task(name="payouts.attend_due")
def attend_due(*, new: bool) -> None:
    """Attend to due payouts one by one; if time runs out first, have the sweep check for more."""
    _keep_gate_open()
    ends_at = time.monotonic() + TURN_SECONDS
    while time.monotonic() < ends_at:
        now = sql.now()
        payout_id = sending.take_due(now=now, new=new)
        if payout_id is None:
            return
        try:
            sending.attend(payout_id, now=now)
        except Exception as error:
            logger.exception("payout %s can't be attended to", payout_id)
            sending.put_back(payout_id, error, now=sql.now())
    notices.send_debounced_on_commit("payouts.sweep")


def _keep_gate_open() -> None:
    try:
        gate.keep_open()
    except StripeCallFailed as failed:
        logger.error("Stripe's transfers can't be checked, so no more are sent soon: %s", failed)


@shared_task(name="payouts.run_due")
def run_due() -> None:
    runs.make_due_run(now=sql.now())


@shared_task(name="payouts.retry_failed")
def retry_failed() -> None:
    """Decide failed payouts again whose cause can pass, on the days for it."""
    retries.retry_due(now=sql.now())


@shared_task(name="payouts.forecast")
def forecast() -> None:
    """Warn days ahead if the balance won't cover the next run: in the log, and by failing near the run."""
    forecasts.require_funds(now=sql.now())


@shared_task(name="payouts.check_books")
def check_books() -> None:
    """Check what is new in the books, and weekly all; fail, in the log and the task monitor, if they don't hold."""
    with suppress(BooksCheckUnderWay):
        books.check_nightly(now=sql.now())


@shared_task(name="payouts.compare_billing")
def compare_billing() -> None:
    """Compare with the marketplace's own tables, if there are any, and open a difference for each mismatch."""
    if settings.BILLING_DATABASE:
        billing_differences.compare_billing_tables(settings.BILLING_DATABASE, now=sql.now())


@shared_task(name="payouts.reconcile")
def reconcile() -> None:
    """Compare with Stripe what moved since the last pass, and have another pass read the accounts that are left."""
    with suppress(ReconciliationUnderWay):
        if reconciliation.reconcile(now=sql.now()).made.accounts_left:
            current_app.send_task("payouts.reconcile")
