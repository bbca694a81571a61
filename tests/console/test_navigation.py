"""The sidebar: what staff work with, with how much of it waits, and the rest folded away."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from console import badges
from database.admin import list_of
from tests.console.marketplace import Marketplace

WORK = [
    "Home",
    "Creators",
    "Payouts",
    "Runs",
    "Approvals",
    "Differences",
    "Quarantine",
    "Adjustments",
    "Reports",
    "Commission",
    "Audit",
    "Books",
]


def sidebar(client: Client) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = client.get("/admin/").context["sidebar_navigation"]
    return groups


def test_what_staff_work_with_comes_first_and_the_rest_is_folded(superuser: Client) -> None:
    work, *folded = sidebar(superuser)
    assert [item["title"] for item in work["items"]] == WORK
    assert [(group["title"], group["collapsible"]) for group in folded] == [
        ("Technical", True),
        ("Set-up", True),
    ]


def test_only_superusers_have_the_set_up(staff: Client) -> None:
    assert [group.get("title") for group in sidebar(staff)] == [None, "Technical"]


def test_every_table_is_in_the_sidebar_once(superuser: Client) -> None:
    links = [item["link"].partition("?")[0] for group in sidebar(superuser) for item in group["items"]]
    tables = [list_of(model) for model in admin.site._registry]
    assert sorted(links) == sorted(["/admin/", "/admin/approvals/", "/admin/books/", *tables])


def test_a_badge_counts_what_its_list_shows(marketplace: Marketplace, superuser: Client) -> None:
    counts = {item["title"]: item["badge"] for item in sidebar(superuser)[0]["items"] if item["badge"]}
    assert counts.keys() == {"Approvals", "Differences", "Quarantine"}
    for item in sidebar(superuser)[0]["items"]:
        if item["title"] in ("Differences", "Quarantine"):
            assert str(superuser.get(item["link"]).context["cl"].result_count) == item["badge"]
    page = superuser.get("/admin/approvals/").content.decode()
    assert len(re.findall("<tr>", page.partition('<main id="content"')[2])) == 2 + int(counts["Approvals"])


@pytest.mark.parametrize(("count", "shown"), [(0, ""), (1, "1"), (999, "999"), (1_000, "999+")])
def test_a_badge_is_short(count: int, shown: str) -> None:
    assert badges.shown(count) == shown
