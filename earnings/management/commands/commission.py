"""Set or end commission rates, or preview a change. A rate is the default, or applies to one creator or API.

An API's rate takes precedence over its creator's, and that over the default. The rate at the time of the sale counts.
"""

from argparse import ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError

from accounts.models import Creator
from accounts.selectors import known_creator
from database import sql
from database.commands import StaffCommand, act_of, moment, month
from database.staff import Right
from earnings.models import Api
from earnings.reading.records import is_too_old
from earnings.selectors import ChangedFee, ChangedTotal, known_api, plans, preview_change
from earnings.services import commission
from money import Money, Period, month_of

MONEY = ("gross", "fee_before", "fee_after")


class Command(StaffCommand):
    help = __doc__

    def add_subcommands(self) -> None:
        self.add_report("list", help="list current and future rates")
        setting = self.add_act("set", right=Right.SET_COMMISSION, help="set a rate")
        setting.add_argument("bps", type=_basis_points, help="rate in basis points: 1500 is 15 %%")
        ending = self.add_act(
            "end",
            right=Right.SET_COMMISSION,
            help="end the rate of a creator or an API",
        )
        preview = self.add_report(
            "preview", help="show the effect of a change on a past month, without making it"
        )
        preview.add_argument(
            "bps",
            type=_basis_points,
            nargs="?",
            help="rate in basis points; omit it to preview removing the rate",
        )
        preview.add_argument("--month", type=month, help="YYYY-MM (default: the last full month)")
        for act in (setting, ending, preview):
            target = act.add_mutually_exclusive_group(required=act is ending)
            target.add_argument("--creator", help="the marketplace's creator id")
            target.add_argument("--api", help="the marketplace's API id")
            act.add_argument(
                "--from",
                dest="start",
                type=_start,
                help="when the change takes effect, ISO 8601 with an offset (default: now)",
            )

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        return _act(options, now=sql.now())


def _act(options: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    if options["act"] == "list":
        return {"plans": [plan._asdict() for plan in plans(now=now)]}
    start = options["start"] or now
    if options["act"] == "preview":
        return _preview(options, start=start, month=options["month"] or month_of(now).previous_month())
    act = act_of(options)
    if options["act"] == "end":
        rate = commission.end_rate(of=_chosen(options), effective_from=start, act=act)
    else:
        rate = commission.set_rate(options["bps"], of=_target(options), effective_from=start, act=act)
    target = rate.api or rate.creator
    return {
        "of": target.external_id if target else "all others",
        "bps": rate.bps,
        "effective_from": rate.effective_from.isoformat(),
    }


def _preview(options: dict[str, Any], *, start: datetime, month: Period) -> dict[str, Any]:
    of = _target(options)
    if options["bps"] is None and of is None:
        raise CommandError("The default rate can't end. Pass the rate that replaces it.")
    preview = preview_change(options["bps"], of=of, effective_from=start, month=month)
    return {
        "month": str(month),
        "totals": [_formatted(total) for total in preview.totals],
        "most_affected": [_formatted(fee) for fee in preview.most_affected],
    }


def _formatted(row: ChangedTotal | ChangedFee) -> dict[str, Any]:
    return {
        name: Money(value, row.currency) if name in MONEY else value for name, value in row._asdict().items()
    }


def _target(options: dict[str, Any]) -> Api | Creator | None:
    return _chosen(options) if options["api"] or options["creator"] else None


def _chosen(options: dict[str, Any]) -> Api | Creator:
    if options["api"]:
        return known_api(options["api"])
    return known_creator(options["creator"])


def _basis_points(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 10_000:  # noqa: PLR2004 (100 %)
        raise ArgumentTypeError(f"{text!r} is not a number of basis points from 0 to 10000")
    return int(text)


def _start(text: str) -> datetime:
    start = moment(text)
    if is_too_old(start):
        raise ArgumentTypeError(f"{text} is before the year 2000, where no sales are accepted")
    return start
