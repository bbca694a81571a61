"""A portal developer's walk through the API, over real HTTP, as alice, bob, charlie and nobody."""

import json
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urljoin

import pytest

from accounts.principals import CREATOR, Principal
from payouts.models import Payout
from tests.api import token_of
from tests.contract.test_schemathesis import CALLERS
from tests.running import RunningService
from tests.waiting import wait_until

pytestmark = [pytest.mark.full, pytest.mark.usefixtures("market")]
NOT_FOUND = "00000000-0000-7000-8000-000000000000"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class Caller:
    """Someone with only an HTTP client, and perhaps a token."""

    def __init__(self, service: RunningService, principal: Principal | None) -> None:
        self._base = f"http://{service.address}"
        self._token = token_of(principal) if principal else ""

    def ask(self, path: str, *, method: str = "GET", body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        address = path if path.startswith("http") else f"{self._base}/api/v1{path}"
        request = urllib.request.Request(address, data, headers, method=method)
        try:
            with urllib.request.build_opener(_NoRedirects).open(request, timeout=30) as answer:
                return answer.status, self._read(answer)
        except urllib.error.HTTPError as error:
            return error.code, self._read(error)

    @staticmethod
    def _read(answer: Any) -> Any:
        if "Location" in answer.headers:
            return answer.headers["Location"]
        text = answer.read().decode()
        return json.loads(text) if "json" in answer.headers["Content-Type"] else text


@pytest.fixture
def callers(service: RunningService) -> dict[str, Caller]:
    creators = {name: Principal(subject=name, role=CREATOR) for name in ("alice", "bob", "charlie")}
    return {
        name: Caller(service, principal)
        for name, principal in {**CALLERS, **creators, "nobody": None}.items()
    }


def test_every_endpoint_answers_each_caller_correctly(callers: dict[str, Caller]) -> None:
    alice, bob, charlie = callers["alice"], callers["bob"], callers["charlie"]
    payout = Payout.objects.get(creator__external_id="alice")
    line = payout.line_items.get()

    status, earnings = alice.ask("/earnings")
    assert status == 200
    assert earnings["summary"]["lifetime_net"] == 84_00
    assert earnings["summary"]["lifetime_payouts"] == 80_00
    assert earnings["summary"]["pending_payout"] == 4_00
    assert bob.ask("/earnings")[1]["summary"]["pending_payout"] == 0
    assert charlie.ask("/earnings")[1]["earnings"]["count"] == 0
    status, api = alice.ask("/earnings/api-alice?from=2025-09&to=2025-10")
    assert (status, {month["month"]: month["net"] for month in api["months"]}) == (
        200,
        {"2025-09": 80_00, "2025-10": 4_00},
    )

    status, payouts = alice.ask("/payouts?status=paid")
    assert (status, [row["id"] for row in payouts["results"]]) == (200, [str(payout.pk)])
    status, detail = alice.ask(f"/payouts/{payout.pk}")
    assert sum(item["net_revenue"] for item in detail["line_items"]) == detail["net_amount"] == 80_00
    for records in (f"/payouts/{payout.pk}/records", f"/payouts/{payout.pk}/line-items/{line.pk}/records"):
        assert [row["amount"] for row in alice.ask(records)[1]["results"]] == [100_00]
        status, table = alice.ask(f"{records}?format=csv")
        assert (status, len(table.splitlines())) == (200, 2)
        assert bob.ask(records)[0] == charlie.ask(records)[0] == 404

    upcoming = {name: callers[name].ask("/payouts/upcoming")[1] for name in ("alice", "bob", "charlie")}
    assert [blocker["code"] for blocker in upcoming["alice"]["blockers"]] == ["below_minimum"]
    assert "no_account" in [blocker["code"] for blocker in upcoming["charlie"]["blockers"]]

    for others in (
        f"/payouts/{payout.pk}",
        "/earnings/api-alice",
        f"/payouts/{NOT_FOUND}",
        "/earnings/api-none",
    ):
        assert bob.ask(others)[0] == charlie.ask(others)[0] == 404
    for mine in ("/earnings", "/payouts", "/payouts/upcoming", "/accounts/status", "/accounts/dashboard"):
        assert callers["nobody"].ask(mine)[0] == 401
        assert callers["admin"].ask(mine)[0] == callers["service"].ask(mine)[0] == 403

    # The worker refreshes the month eventually.
    patience = time.monotonic() + 30
    status, revenue = callers["admin"].ask("/platform/revenue?month=2025-09")
    while revenue["total_gross_revenue"] != 200_00 and time.monotonic() < patience:
        time.sleep(0.2)
        status, revenue = callers["admin"].ask("/platform/revenue?month=2025-09")
    assert (status, revenue["total_gross_revenue"], revenue["take_rate_bps"]) == (200, 200_00, 20_00)
    assert callers["admin"].ask("/platform/analytics?months=3")[0] == 200
    for theirs in ("/platform/revenue", "/platform/analytics"):
        assert alice.ask(theirs)[0] == callers["service"].ask(theirs)[0] == 403
        assert callers["nobody"].ask(theirs)[0] == 401


def test_a_new_creator_gets_onto_stripe_and_sees_a_push_within_seconds(
    callers: dict[str, Caller],
) -> None:
    charlie, service = callers["charlie"], callers["service"]
    assert charlie.ask("/accounts/status")[1]["has_account"] is False
    assert charlie.ask("/accounts/dashboard")[0] == 404
    status, api = service.ask(
        "/catalog/apis/com.acme.weather", method="PUT", body={"name": "Weather", "creator_id": "charlie"}
    )
    assert (status, api["creator_id"]) == (201, "charlie")
    record = {
        "record_id": "inv-1",
        "kind": "charge",
        "api_id": "com.acme.weather",
        "amount": 49_00,
        "currency": "USD",
        "occurred_at": "2025-10-03T09:12:44Z",
    }
    for outcome in ("accepted", "duplicate"):
        status, answer = service.ask("/billing/records", method="POST", body={"records": [record]})
        assert (status, answer["results"][0]["outcome"]) == (200, outcome)
    wait_until(lambda: charlie.ask("/earnings/com.acme.weather")[1].get("lifetime_net") == 39_20, seconds=20)
    for _ in range(2):
        status, link = charlie.ask("/accounts/onboard", method="POST", body={"country": "US"})
        assert status == 200
    status, form = charlie.ask(link["onboarding_url"])
    assert (status, charlie.ask(urljoin(link["onboarding_url"], form))[0]) == (302, 200)
    assert charlie.ask("/accounts/status")[1]["has_account"] is True
    assert charlie.ask("/accounts/dashboard")[0] == 409
    status, problem = callers["alice"].ask("/accounts/onboard", method="POST")
    assert (status, problem["code"]) == (409, "already_active")
    status, dashboard = callers["alice"].ask("/accounts/dashboard")
    assert status == 200
    assert callers["nobody"].ask(dashboard["dashboard_url"])[0] == 302
    status, portal = callers["nobody"].ask("/accounts/onboard/callback?state=forged")
    assert (status, portal.partition("?")[2]) == (302, "onboarding=incomplete&reason=link_invalid")
