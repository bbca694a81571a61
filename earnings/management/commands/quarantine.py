"""List the records in quarantine, try some again, or accept one whose charge never came."""

from typing import Any

from database import sql
from database.commands import StaffCommand, act_of
from database.staff import Right
from earnings.errors import RecordsStillUnusable
from earnings.models import QuarantinedRecord, Reason
from earnings.selectors import UnlinkedEntry, open_quarantine_by_reason, unlinked_entry
from earnings.services import quarantine, unlinked

LISTED = 50


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        listing = self.add_report("list", help=f"count the records by reason, and list the oldest {LISTED}")
        listing.add_argument("--reason", choices=Reason.values, help="only those with this reason")
        retry = self.add_act(
            "retry", right=Right.RETRY_QUARANTINE, help="take in these records, if they can enter now"
        )
        retry.add_argument("records", type=int, nargs="+", metavar="record", help="number in quarantine")
        preview = self.add_report(
            "preview-unlinked", help="tell what accepting a record without its charge would do"
        )
        accept = self.add_act(
            "accept-unlinked",
            right=Right.ACCEPT_UNLINKED,
            help="accept a refund, chargeback or reversal whose charge never came",
        )
        for parser in (preview, accept):
            parser.add_argument("record", type=int, help="number in quarantine")
            parser.add_argument("--api", help="the API that it is of, if the record names none")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        match options["act"]:
            case "list":
                return _listed(options["reason"])
            case "retry":
                return self._retry(options)
            case "preview-unlinked":
                return _told(unlinked_entry(options["record"], api=options["api"], now=sql.now()))
        accepted = unlinked.accept_unlinked(
            options["record"], api=options["api"], act=act_of(options), now=sql.now()
        )
        return {"accepted": accepted.record.record_id, "creator": accepted.record.creator.external_id}

    def _retry(self, options: dict[str, Any]) -> dict[str, Any]:
        act, now = act_of(options), sql.now()
        entered = {pk: quarantine.try_again(pk, act=act, now=now) for pk in options["records"]}
        if not any(entered.values()):
            rows = QuarantinedRecord.objects.in_bulk(entered)
            raise RecordsStillUnusable({pk: row.get_reason_display() for pk, row in rows.items()})
        return {
            "entered": [pk for pk, has in entered.items() if has],
            "waiting": [pk for pk, has in entered.items() if not has],
        }


def _listed(reason: str | None) -> dict[str, Any]:
    rows = QuarantinedRecord.objects.filter(resolved_at=None, **({"reason": reason} if reason else {}))
    return {
        "reasons": {str(each): count for each, count in open_quarantine_by_reason()},
        "oldest": [
            {
                "number": row.pk,
                "source": row.source.name,
                "record": row.record_id,
                "reason": row.reason,
                "since": row.created_at.isoformat(),
            }
            for row in rows.select_related("source").order_by("pk")[:LISTED]
        ],
    }


def _told(entry: UnlinkedEntry) -> dict[str, Any]:
    return {
        "record": entry.record.record_id,
        "kind": entry.record.kind,
        "creator": entry.creator.external_id,
        "api": entry.record.api.external_id,
        "month": f"{entry.period.start:%Y-%m}",
        "commission_bps": entry.record.commission_bps,
        "gross": entry.gross,
        "platform_fee": entry.platform_fee,
        "net": entry.net,
        "charge_in_quarantine_as": str(entry.charge_waits_as or "-"),
    }
