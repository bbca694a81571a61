"""The list of payouts: what it can be narrowed to, its tabs with counts, and its total."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from database.admin import list_of
from payouts.models import Payout
from payouts.states import PayoutStatus
from tests.factories import CreatorPaymentAccountFactory, PayoutFactory, PayoutRunFactory

JULY = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def payouts(db: None) -> dict[str, Payout]:
    """A small one that failed, one to a bank account that is a week old, and a large one that was returned."""
    PayoutFactory.create(status=PayoutStatus.PAID, gross_amount=50_00, platform_fee=0)
    run = PayoutRunFactory.create(cutoff="2026-07-01")
    failed = PayoutFactory.create(run=run, status=PayoutStatus.FAILED, failure_code="no_account")
    changed = PayoutFactory.create(run=run, created_at=JULY, status=PayoutStatus.PAID)
    CreatorPaymentAccountFactory.create(
        creator=changed.creator, external_account_since=JULY - timedelta(days=7)
    )
    returned = PayoutFactory.create(
        run=run,
        status=PayoutStatus.RETURNED,
        failure_code="account_closed",
        gross_amount=2_000_00,
        platform_fee=500_00,
    )
    return {"failed": failed, "changed": changed, "returned": returned}


def listed(client: Client, **parameters: object) -> Any:
    answer = client.get(list_of(Payout, **parameters))
    assert answer.status_code == HTTPStatus.OK
    return answer.context


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"failure": "no_account"}, {"failed"}),
        ({"failure": "account_closed"}, {"returned"}),
        ({"amount_from": "1,500"}, {"returned"}),
        ({"amount_from": "80.01", "amount_to": "1500.00"}, {"returned"}),
        ({"amount_from": "51", "amount_to": "80"}, {"failed", "changed"}),
        ({"made_from": "2026-07-01", "made_to": "2026-07-01"}, {"changed"}),
        ({"made_to": "2026-06-30"}, set()),
        ({"destination": "changed"}, {"changed"}),
        ({"status__exact": "returned", "failure": "no_account"}, set()),
    ],
)
def test_the_list_is_narrowed(
    payouts: dict[str, Payout], superuser: Client, parameters: dict[str, str], names: set[str]
) -> None:
    shown = set(listed(superuser, **parameters)["cl"].queryset)
    assert shown == {payouts[name] for name in names}


def test_a_run_is_offered_and_narrows_the_list(payouts: dict[str, Payout], superuser: Client) -> None:
    run = payouts["failed"].run
    assert run is not None
    assert f"run={run.pk}" in superuser.get(list_of(Payout)).content.decode()
    assert set(listed(superuser, run=run.pk)["cl"].queryset) == set(payouts.values())


@pytest.mark.parametrize("wrong", ["many", "nan", "1e99", "--"])
def test_an_end_that_is_no_amount_shows_the_whole_list(superuser: Client, wrong: str) -> None:
    assert superuser.get(list_of(Payout, amount_from=wrong)).status_code == HTTPStatus.FOUND


def test_each_status_has_a_tab_that_counts_under_the_other_filters(
    payouts: dict[str, Payout], superuser: Client
) -> None:
    def tabs(**parameters: object) -> dict[str, str]:
        return {tab.title: tab.count for tab in listed(superuser, **parameters)["list_tabs"]}

    assert tabs() == {"All": "", "Paid": "2", "Returned": "1", "Failed": "1"}
    assert tabs(status__exact="failed") == tabs()
    assert tabs(amount_from="1000") == {"All": "", "Returned": "1"}
    assert tabs(amount_from="1000", status__exact="failed") == {"All": "", "Returned": "1", "Failed": ""}


def test_the_total_is_that_of_the_rows_listed(payouts: dict[str, Payout], superuser: Client) -> None:
    run = payouts["failed"].run
    assert run is not None
    assert [str(total) for total in listed(superuser)["list_totals"]] == ["$1,710.00"]
    assert [str(total) for total in listed(superuser, run=run.pk)["list_totals"]] == ["$1,660.00"]
    assert "All 3" in " ".join(superuser.get(list_of(Payout, run=run.pk)).content.decode().split())
    assert listed(superuser, failure="none")["list_totals"] == []


def test_the_oldest_come_first_on_request(payouts: dict[str, Payout], superuser: Client) -> None:
    newest_first = list(listed(superuser)["cl"].queryset)
    assert list(listed(superuser, order="oldest")["cl"].queryset) == newest_first[::-1]


def test_a_row_says_why_and_when_it_is_tried_again(payouts: dict[str, Payout], superuser: Client) -> None:
    Payout.objects.filter(pk=payouts["returned"].pk).update(next_retry_at=JULY)
    page = superuser.get(list_of(Payout)).content.decode()
    assert "Account closed, next try" in page
    assert "No account" in page
