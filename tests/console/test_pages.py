"""Every list and every page, over a real story: it answers, and costs the same however much it shows."""

from http import HTTPStatus
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Creator
from database.admin import list_of, page_of
from payouts.models import Payout, PayoutRun
from tests.console.marketplace import Marketplace, pages_of

TABLES: dict[type[Model], Any] = dict(admin.site._registry)
# A time line reads as many tables as it merges.
MOST_QUERIES = 30


def queries_for(client: Client, address: str) -> int:
    client.get(address)  # what Django reads once per process is read by now
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == HTTPStatus.OK
    return len(queries)


def test_every_list_answers_when_it_is_empty(superuser: Client) -> None:
    statuses = {model.__name__: superuser.get(list_of(model)).status_code for model in TABLES}
    assert set(statuses.values()) == {HTTPStatus.OK}, statuses


def test_the_home_page_says_what_is_missing_when_there_is_nothing(superuser: Client) -> None:
    page = superuser.get("/admin/").content.decode()
    for sentence in ("Nothing needs you. Checked just now", "Not forecast yet", "No run yet"):
        assert sentence in page


def test_every_list_and_every_page_answers(marketplace: Marketplace, superuser: Client) -> None:
    empty = []
    for model in TABLES:
        assert superuser.get(list_of(model)).status_code == HTTPStatus.OK, model
        if (row := model._default_manager.first()) is None:
            empty.append(model.__name__)
        else:
            for address in pages_of(row):
                assert superuser.get(address).status_code == HTTPStatus.OK, address
    assert set(empty) <= {"PeriodicTask", "IntervalSchedule", "CrontabSchedule"}, (
        "the story leaves a table untested"
    )


@pytest.mark.full
def test_a_list_costs_as_many_queries_for_all_rows_as_for_one(
    marketplace: Marketplace, superuser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    marketplace.live_through_april()
    for model, table in TABLES.items():
        many = queries_for(superuser, list_of(model))
        with monkeypatch.context() as patch:
            patch.setattr(table, "list_per_page", 1)
            one = queries_for(superuser, list_of(model))
        assert many == one, model


@pytest.mark.full
def test_a_page_costs_as_many_queries_after_a_month_more(marketplace: Marketplace, superuser: Client) -> None:
    alice, payout, run = (
        Creator.objects.get(external_id="alice"),
        Payout.objects.get(),
        PayoutRun.objects.get(),
    )
    addresses = ["/admin/", *pages_of(alice)]
    before = [queries_for(superuser, address) for address in [*addresses, *pages_of(payout), page_of(run)]]
    marketplace.live_through_april()
    richer, later = Payout.objects.latest("pk"), PayoutRun.objects.latest("cutoff")
    assert richer.line_items.count() > payout.line_items.count()
    after = [queries_for(superuser, address) for address in [*addresses, *pages_of(richer), page_of(later)]]
    assert after == before
    assert max(after[1:]) <= MOST_QUERIES  # test_home.py has the home page's


def test_no_page_fetches_anything_from_elsewhere(marketplace: Marketplace, superuser: Client) -> None:
    for address in ("/admin/", page_of(Payout.objects.get())):
        page = superuser.get(address).content.decode()
        assert 'src="http' not in page
        assert 'href="http' not in page
        assert "://" not in page.replace('xmlns="http://www.w3.org', "")
