"""The staff console's lists, searches and pages with years of data, beside its log-in page. See README.md."""

import os
import statistics
import sys
import time
from pathlib import Path

import django

from benchmarks.setting import manage
from payouts_project.local.testing import throwaway_environment

CREATORS, RUNS = 20_000, 25
ROUNDS = 5
PER_PAGE = 50
FILL = Path(__file__).with_name("console.sql")
BARE = "log-in page"


def main(creators: int = CREATORS, runs: int = RUNS) -> None:
    with throwaway_environment():
        os.environ |= {"DJANGO_SETTINGS_MODULE": "payouts_project.settings", "LOG_LEVEL": "ERROR"}
        django.setup()
        manage("migrate", verbosity=0)
        started = time.perf_counter()
        fill(creators, runs)
        print(f"Console, {creators * runs:,} payouts, filled in {time.perf_counter() - started:.0f} s")
        tell(measure(addresses()))


def fill(creators: int, runs: int) -> None:
    from django.db import transaction  # noqa: PLC0415 (Django is set up by now)

    from database import sql  # noqa: PLC0415

    with transaction.atomic():
        sql.run(sql.read(FILL), {"creators": creators, "runs": runs})
    sql.run("VACUUM ANALYZE")


def addresses() -> dict[str, str]:
    """Name what staff open every day, and look for: the newest payout stands for any."""
    from accounts.models import Creator  # noqa: PLC0415
    from database.admin import list_of, page_of  # noqa: PLC0415
    from database.admin.listing import MOST_COUNTED  # noqa: PLC0415
    from earnings.models import BillingRecord, CreatorEarning  # noqa: PLC0415
    from ledger.models import LedgerAccount, LedgerEntry  # noqa: PLC0415
    from payouts.models import Payout, PayoutAttempt, PayoutEvent, PayoutRun, RunDecision  # noqa: PLC0415
    from stripe_io.models import InboxEvent  # noqa: PLC0415

    payout = Payout.objects.select_related("creator", "run").latest("pk")
    attempt = payout.attempts.latest("pk")
    creator = payout.creator
    terms = {
        "tr_": payout.stripe_transfer_id,
        "po_": payout.stripe_payout_id,
        "req_": attempt.request_id,
        "a creator's id": creator.external_id,
        "an email address": creator.email,
        "a UUID": payout.pk,
        "a record's id": "record-7-3",
        "nothing": "tr_nothing",
    }
    return {
        BARE: "/admin/login/",
        "home": "/admin/",
        "a creator": page_of(creator),
        "a payout": page_of(payout),
        "a run": page_of(PayoutRun.objects.latest("cutoff")),
        "payouts": list_of(Payout),
        "payouts, last page": list_of(Payout, p=min(Payout.objects.count(), MOST_COUNTED) // PER_PAGE),
        "payouts, failed": list_of(Payout, status__exact="failed"),
        "payouts, returned": list_of(Payout, status__exact="returned"),
        "payouts, by failure": list_of(Payout, failure="account_closed"),
        "payouts of a month": list_of(Payout, made_from="2026-01-01", made_to="2026-01-31"),
        "payouts over an amount": list_of(Payout, amount_from="1000"),
        "payouts, destination changed": list_of(Payout, destination="changed"),
        "payouts, searched": list_of(Payout, q=creator.external_id),
        "attempts": list_of(PayoutAttempt),
        "attempts, refused": list_of(PayoutAttempt, status__exact="refused"),
        "attempts, in doubt": list_of(PayoutAttempt, in_doubt__exact=1),
        "attempts, by request": list_of(PayoutAttempt, q=attempt.request_id),
        "payout history": list_of(PayoutEvent),
        "decisions": list_of(RunDecision),
        "inbox": list_of(InboxEvent),
        "inbox, about a transfer": list_of(InboxEvent, q=payout.stripe_transfer_id),
        "creators": list_of(Creator),
        "creators, searched": list_of(Creator, q="creator-19"),
        "earnings": list_of(CreatorEarning),
        "records": list_of(BillingRecord),
        "records, by id": list_of(BillingRecord, q="record-7-3"),
        "ledger accounts owing": list_of(LedgerAccount, kind__exact="creator_payable", balance__lt=0),
        "ledger entries": list_of(LedgerEntry),
        **{f"search: {name}": f"/admin/search/?part=hits&q={term}" for name, term in terms.items()},
    }


def measure(pages: dict[str, str]) -> dict[str, list[float]]:
    """Open each page in turn, so that what disturbs the machine disturbs all alike."""
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from accounts.models import User  # noqa: PLC0415

    staff, anybody = (Client(headers={"host": settings.ALLOWED_HOSTS[0]}) for _ in range(2))
    staff.force_login(User.objects.create_superuser("root"))
    figures: dict[str, list[float]] = {name: [] for name in pages}
    for turn in range(ROUNDS + 1):
        for name, address in pages.items():
            started = time.perf_counter()
            answer = (anybody if name == BARE else staff).get(address)
            if turn:  # the first one warms it up
                figures[name].append(time.perf_counter() - started)
            if answer.status_code != 200:
                raise RuntimeError(f"{address}: {answer.status_code}")
    return figures


def tell(figures: dict[str, list[float]]) -> None:
    base = statistics.median(figures[BARE])
    for name, times in figures.items():
        median = statistics.median(times)
        print(f"  {name:30} {median * 1000:8.0f} ms   {median / base:6.1f} × {BARE}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
