"""What was once stored is shown: in a currency that has ended since, and in one that nobody knows."""

import json
from http import HTTPStatus
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import Creator
from database import sql
from database.admin import list_of, page_of
from database.staff import Act
from earnings.models import Api
from earnings.services import adjustments
from payouts.models import Payout
from payouts.services.reconciliation import books
from payouts_project.demo import summary
from tests.api import admin as admin_of_the_platform
from tests.api import caller
from tests.console.marketplace import Marketplace

COLUMNS = """
SELECT c.table_name AS table, c.column_name AS name
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name LIKE '%currency'
  AND c.data_type = 'character varying' AND c.table_name NOT LIKE 'djstripe%'
"""
ENDED, UNKNOWN = "HRK", "QQQ"
pytestmark = pytest.mark.parametrize("code", [pytest.param(ENDED, marks=pytest.mark.full), UNKNOWN])


@pytest.fixture
def history(marketplace: Marketplace, code: str) -> str:
    """Write all of March anew, as if it had been lived through in this currency; return its code."""
    columns = [(row["table"], row["name"]) for row in sql.rows(COLUMNS)]
    assert {("payouts", "bank_currency"), ("creator_earnings", "currency"), ("differences", "currency")} <= {
        *columns
    }
    # The guards of what is booked stand aside as in a replica.
    changes = [f"UPDATE {table} SET {name} = '{code}' WHERE {name} <> ''" for table, name in columns]
    role = "SET session_replication_role ="
    sql.run(";".join([f"{role} replica", *changes, f"{role} origin"]))
    return code


@pytest.mark.full
def test_every_list_and_every_page_shows_it(history: str, superuser: Client) -> None:
    shown = superuser.get("/admin/").content.decode()
    for model in admin.site._registry:
        answer = superuser.get(list_of(model))
        assert answer.status_code == HTTPStatus.OK, model
        shown += answer.content.decode()
        for row in model._default_manager.all()[:20]:
            assert superuser.get(page_of(row)).status_code == HTTPStatus.OK, row
    assert history in shown
    payout = superuser.get(page_of(Payout.objects.get())).content.decode()
    assert {ENDED: "HRK960.00", UNKNOWN: "96,000 minor units of QQQ"}[history] in payout.replace("\xa0", "")


def test_every_answer_of_the_api_has_it(history: str) -> None:
    payout, alice, staff = Payout.objects.get(), caller("alice"), admin_of_the_platform()
    line = payout.line_items.first()
    assert line
    api = Api.objects.get(name="Weather").external_id
    answers = [
        alice.get(f"/api/v1/{path}")
        for path in (
            "earnings",
            f"earnings?currency={history}",
            f"earnings/{api}?currency={history}",
            "payouts",
            f"payouts?currency={history}",
            f"payouts/{payout.pk}",
            f"payouts/{payout.pk}/records",
            f"payouts/{payout.pk}/line-items/{line.pk}/records",
            "payouts/upcoming",
            f"payouts/upcoming?currency={history}",
        )
    ]
    answers += [
        staff.get(f"/api/v1/platform/{path}")
        for path in (f"revenue?month=2024-03&currency={history}", "analytics?months=60")
    ]
    for answer in answers:
        assert answer.status_code == HTTPStatus.OK, answer.content
        assert history in json.dumps(answer.json())
    table = alice.get(f"/api/v1/payouts/{payout.pk}/records?format=csv")
    assert history in table.getvalue().decode()
    metrics = Client().get("/metrics")
    assert (metrics.status_code, f'currency="{history}"' in metrics.content.decode()) == (HTTPStatus.OK, True)


def test_every_command_report_and_mail_tells_it(
    history: str, settings: Settings, mailoutbox: list[Any]
) -> None:
    settings.REPORT_EMAIL = ["dana@example.com"]

    def told(*command: str) -> str:
        out = StringIO()
        call_command(*command, stdout=out)
        return out.getvalue()

    assert history in "\n".join(summary.lines(books.check_all(now=sql.now())))
    assert history in told("negative_balances")
    assert "needed" in told("forecast_payouts")
    assert history in told("differences", "list")
    # April's report tells that March, as it was reported, has come to something else.
    assert history in told("report_revenue", "--month", "2024-04", "--make")
    (mail,) = mailoutbox
    assert history in mail.body


def test_a_debt_in_it_can_be_written_off(history: str) -> None:
    bob = Creator.objects.get(external_id="bob")
    proposed = adjustments.propose_write_off(bob, currency=history, act=Act("dana", "Too small"))
    assert (proposed.amount, proposed.currency) == (4_000, history)
