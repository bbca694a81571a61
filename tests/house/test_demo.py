"""The calls and links that the demo prints at the end work unchanged, and fit into 80 columns."""

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import OutputWrapper
from django.core.management.color import no_style
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import AccountStatus, CreatorPaymentAccount, HoldSource, User
from accounts.services.holds import place_hold
from database import sql
from database.staff import Act, Right
from payouts.models import Difference, DifferenceKind, Payout
from payouts.states import PayoutStatus
from payouts_project.demo import callers, links, people
from payouts_project.demo.telling import COLUMNS, Teller
from tests.payouts.market import Market

SHELLS = [
    pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=f"{name} is not installed"))
    for name in ("sh", "bash", "zsh")
]


def words(shell: str, variables: Path, line: str) -> list[str]:
    """Return the words of a line as a shell expands them with these variables."""
    script = f". {variables}; printf '%s\\0' {line}"
    out = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True).stdout
    return out.split("\0")[:-1]


def answer(words: list[str]) -> Any:
    """Make the request that curl would; return the response."""
    curl, *rest, address = words
    assert curl == "curl"
    options = list(zip(rest[::2], rest[1::2], strict=True))
    headers = dict(value.split(": ", 1) for option, value in options if option == "-H")
    client = APIClient(headers={"Authorization": headers.pop("Authorization")})
    body = [value for option, value in options if option == "-d"]
    response = (
        client.post(address, body[0], content_type=headers["Content-Type"]) if body else client.get(address)
    )
    assert response.status_code == 200, response.content
    return json.loads(response.content)


@pytest.mark.django_db
@pytest.mark.parametrize("shell", SHELLS)
def test_each_call_that_the_demo_prints_is_answered(tmp_path: Path, shell: str) -> None:
    market = Market()
    alice, bob = market.creators(["alice", "bob"])
    market.sell(bob, 10_00)
    market.sell(alice, 50_00)
    callers.write(tmp_path / "env", source="billing", now=sql.now())
    source, *calls = callers.lines(tmp_path / "env")
    assert source == f"source {tmp_path / 'env'}"
    earnings, payouts, analytics, pushed = (answer(words(shell, tmp_path / "env", call)) for call in calls)
    assert earnings["summary"]["lifetime_net"] == 40_00
    assert payouts["count"] == 0
    assert analytics["account_stats"]["active"] == 2
    assert pushed["summary"]["accepted"] == 1


@pytest.mark.django_db
def test_the_tokens_are_for_their_owner_only(tmp_path: Path) -> None:
    market = Market()
    market.sell(market.creator("alice"), 50_00)
    (tmp_path / "env").write_text("API=old\n", encoding="utf-8")
    (tmp_path / "env").chmod(0o644)
    callers.write(tmp_path / "env", source="billing", now=sql.now())
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
def test_curl_reaches_this_machine_without_a_proxy(tmp_path: Path) -> None:
    market = Market()
    market.sell(market.creator("alice"), 50_00)
    callers.write(tmp_path / "env", source="billing", now=sql.now())
    show = f"no_proxy=intranet.example; . {tmp_path / 'env'}; sh -c 'echo $no_proxy'"
    out = subprocess.run(["sh", "-c", show], capture_output=True, text=True, check=True).stdout
    assert out == "localhost,127.0.0.1,intranet.example\n"


@pytest.mark.django_db
def test_the_example_creator_is_the_one_whose_payout_was_returned(tmp_path: Path) -> None:
    market = Market()
    alice, bob = market.creators(["alice", "bob"])
    market.sell(alice, 500_00)
    market.sell(bob, 50_00)
    market.run()
    Payout.objects.filter(creator=bob).update(status=PayoutStatus.RETURNED)
    callers.write(tmp_path / "env", source="billing", now=sql.now())
    payouts = answer(words("sh", tmp_path / "env", 'curl -H "$CREATOR" $API/payouts'))
    assert [payout["status"] for payout in payouts["results"]] == ["returned"]


@pytest.mark.django_db
def test_each_address_that_the_demo_prints_is_a_page_of_the_console(
    client: Client, settings: Settings
) -> None:
    settings.PUBLIC_URL = "http://localhost:18086"
    market = Market()
    alice, bob = market.creators(["alice", "bob"])
    market.sell(alice, 500_00)
    market.run()
    Payout.objects.update(status=PayoutStatus.RETURNED)
    place_hold(bob, source=HoldSource.STAFF, act=Act(people.FINANCE, "A look"))
    CreatorPaymentAccount.objects.filter(creator=bob).update(account_status=AccountStatus.RESTRICTED)
    Difference.objects.create(
        kind=DifferenceKind.UNKNOWN_TRANSFER, subject="tr_1", amount=1, currency="USD", detail="?"
    )
    client.force_login(User.objects.create_superuser("root"))
    shown = list(links.lines())
    assert len(shown) == 5
    for _, address in shown:
        page = client.get(address.removeprefix(settings.PUBLIC_URL), follow=True)
        assert page.status_code == 200, address
        assert "restricted" not in address or b"bob" in page.content
        assert len(address) <= COLUMNS


@pytest.mark.django_db
def test_the_demos_staff_can_only_do_their_part(tmp_path: Path) -> None:
    password = people.hire(tmp_path)
    assert people.hire(tmp_path) == password
    assert (tmp_path / "password").stat().st_mode & 0o777 == 0o600
    finance, approver = (User.objects.get(username=name) for name in (people.FINANCE, people.APPROVER))
    assert finance.has_perm(Right.PROPOSE_ADJUSTMENT.permission)
    assert not finance.has_perm(Right.APPROVE_ADJUSTMENT.permission)
    assert approver.has_perm(Right.APPROVE_ADJUSTMENT.permission)
    assert not approver.has_perm(Right.PROPOSE_ADJUSTMENT.permission)
    assert User.objects.get(username=people.ADMINISTRATOR).is_superuser
    assert all(user.check_password(password) for user in User.objects.all())


def test_long_lines_are_wrapped() -> None:
    out = io.StringIO()
    Teller(OutputWrapper(out), no_style()).say(
        "$15,294.57 of creator-232 came back: " + "the bank is closed " * 5
    )
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert all(line.startswith("  ") and len(line) <= COLUMNS for line in lines)
