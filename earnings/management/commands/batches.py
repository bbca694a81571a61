"""List the billing batches that can't be posted, retry them, or quarantine their records."""

from typing import Any

from database import sql
from database.commands import StaffCommand, act_of
from database.staff import Right
from earnings.errors import BatchesStillUnpostable
from earnings.models import BillingBatch
from earnings.selectors import batches_set_aside
from earnings.services import batches


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        self.add_report("list", help="list the batches that are set aside, with the reason")
        retry = self.add_act("retry", right=Right.RETRY_BATCH, help="try to post these batches again")
        retry.add_argument("batches", type=int, nargs="+", metavar="batch", help="batch number")
        quarantine = self.add_act(
            "quarantine",
            right=Right.QUARANTINE_BATCH,
            help="quarantine the records that can't be posted, and post the rest of the batch",
        )
        quarantine.add_argument("batch", type=int, help="batch number")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["act"] == "list":
            set_aside = batches_set_aside().select_related("source").order_by("pk")
            return {"set_aside": [_set_aside(batch) for batch in set_aside]}
        act = act_of(options)
        if options["act"] == "retry":
            retried = batches.retry_batches(options["batches"], act=act, now=sql.now())
            if all(batch.set_aside_at for batch in retried):
                raise BatchesStillUnpostable({batch.pk: _reason(batch) for batch in retried})
            return {"retried": [_retried(batch) for batch in retried]}
        return {"quarantined": batches.quarantine_batch(options["batch"], act=act, now=sql.now())}


def _set_aside(batch: BillingBatch) -> dict[str, Any]:
    return {
        "batch": batch.pk,
        "source": batch.source.name,
        "origin": batch.origin,
        "records": batch.accepted,
        "received_at": batch.received_at.isoformat(),
        "set_aside_at": batch.set_aside_at and batch.set_aside_at.isoformat(),
        "reason": _reason(batch),
    }


def _retried(batch: BillingBatch) -> dict[str, Any]:
    reason = _reason(batch) if batch.set_aside_at else None
    return {"batch": batch.pk, "posted": batch.posted_at is not None, "reason": reason}


def _reason(batch: BillingBatch) -> str:
    return batch.set_aside_reason.splitlines()[0]
