"""Each look-up of the search reads an index, where tables are large enough for PostgreSQL to prefer one."""

from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

from accounts.groups import StaffGroup
from accounts.models import Creator
from console.panels.payouts import before_and_after
from console.search import find
from database import sql
from earnings.models import QuarantinedRecord
from earnings.selectors import records_of_api, records_of_creator
from payouts.models import Payout, PayoutAttempt
from payouts.states import AttemptStatus, PayoutStatus
from tests.factories import user_in
from tests.plans import explained, rows

FILL = Path(__file__).parents[2] / "benchmarks" / "console.sql"
ROWS = 1_000
LARGE = "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %(rows)s / 4"


def scanned(plan: dict[str, Any]) -> set[str]:
    """Return the tables that a plan reads from beginning to end."""
    own = {str(plan["Relation Name"])} if plan["Node Type"] == "Seq Scan" else set[str]()
    return own.union(*(scanned(part) for part in plan.get("Plans", [])))


@pytest.mark.full
def test_every_look_up_and_every_rare_row_is_found_by_index(db: None) -> None:
    sql.run(sql.read(FILL), {"creators": ROWS, "runs": 4})
    sql.run("ANALYZE")
    request = RequestFactory().get("/")
    request.user = user_in(StaffGroup.SUPPORT)
    payout = Payout.objects.filter(status="paid").latest("pk")
    attempt = PayoutAttempt.objects.filter(payout=payout).latest("pk")
    creator = Creator.objects.get(external_id="creator-500")
    terms = [
        payout.pk,
        payout.reference,
        payout.stripe_transfer_id,
        payout.stripe_payout_id,
        payout.destination_payment,
        payout.trace_id,
        attempt.request_id,
        attempt.idempotency_key,
        creator.external_id,
        creator.email,
        "acct_500",
        "ba_500",
        "evt_1",
        "api-500",
        "record-500-3",
        QuarantinedRecord.objects.latest("pk").record_id,
        "tr_unknown7",
        f"payout:{payout.pk}:reserved",
        f"{payout.period_start:%B %Y}",
    ]
    large = {row["relname"] for row in sql.rows(LARGE, {"rows": ROWS})}
    assert {"creators", "payouts", "payout_attempts", "billing_records", "stripe_inbox"} <= large
    for term in terms:
        with explained() as plans:
            assert find(str(term), request=request), term
        assert not set[str]().union(*map(scanned, plans)) & large, term
    for rare in (
        PayoutAttempt.objects.filter(status=AttemptStatus.REFUSED),
        PayoutAttempt.objects.filter(in_doubt=True),
        Payout.objects.filter(status=PayoutStatus.RETURNED),
        Payout.objects.filter(failure_code="account_closed"),
        records_of_creator("creator-500"),
        records_of_api("api-500"),
    ):
        with explained() as plans:
            list(rare.order_by("-pk")[:50])
        assert not set[str]().union(*map(scanned, plans)) & large, rare.query
    with explained() as plans:
        before_and_after(payout)
    assert max(map(rows, plans)) < ROWS / 10
