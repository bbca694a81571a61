"""See which billing batches can't be posted; have them posted again, or their records quarantined."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import ReasonMissing
from database import sql
from database.commands import add_actor_option, add_json_option, print_result, signature
from database.staff import Right
from earnings.errors import BatchIsBuiltOn, BatchNotSetAside
from earnings.models import BillingBatch
from earnings.selectors import batches_set_aside
from earnings.services import batches

REFUSALS = (BatchIsBuiltOn, BatchNotSetAside, ReasonMissing)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        listed = acts.add_parser("list", help="the batches that are set aside, and why")
        retry = acts.add_parser("retry", help="post them, if they can be posted by now")
        retry.add_argument("batches", type=int, nargs="+", metavar="batch", help="the batch's number")
        quarantine = acts.add_parser(
            "quarantine", help="quarantine the records of a batch that can't be posted"
        )
        quarantine.add_argument("batch", type=int, help="the batch's number")
        for act in (retry, quarantine):
            act.add_argument("--reason", required=True)
            add_actor_option(act)
        for act in (listed, retry, quarantine):
            add_json_option(act)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = _act(options)
        except REFUSALS as refusal:
            raise CommandError(str(refusal)) from refusal
        print_result(self.stdout, as_json=options["json"], result=result)


def _act(options: dict[str, Any]) -> dict[str, Any]:
    if options["act"] == "list":
        waiting = batches_set_aside().select_related("source").order_by("pk")
        return {"set_aside": [_set_aside(batch) for batch in waiting]}
    if options["act"] == "retry":
        by = {"actor": signature(options, Right.RETRY_BATCH), "reason": options["reason"]}
        retried = batches.retry_batches(options["batches"], now=sql.now(), **by)
        return {"retried": [_become(batch) for batch in retried]}
    by = {"actor": signature(options, Right.QUARANTINE_BATCH), "reason": options["reason"]}
    return {"quarantined": batches.quarantine_batch(options["batch"], now=sql.now(), **by)}


def _set_aside(batch: BillingBatch) -> dict[str, Any]:
    return {
        "batch": batch.pk,
        "source": batch.source.name,
        "origin": batch.origin,
        "records": batch.accepted,
        "received_at": batch.received_at.isoformat(),
        "set_aside_at": batch.set_aside_at and batch.set_aside_at.isoformat(),
        "reason": batch.set_aside_reason.splitlines()[0],
    }


def _become(batch: BillingBatch) -> dict[str, Any]:
    reason = batch.set_aside_reason.splitlines()[0] if batch.set_aside_at else None
    return {"batch": batch.pk, "posted": batch.posted_at is not None, "reason": reason}
