"""`manage.py recover`."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from database import sql
from payouts import selectors
from payouts.models import IgnoredInstallation, Payout
from payouts.services import sending
from stripe_io.models import Installation
from tests.factories import UserFactory
from tests.local_stripe import Stripe
from tests.payouts.market import Market

pytestmark = pytest.mark.usefixtures("dana_and_erin")
OTHER = UUID("12345678-1234-4234-8234-123456789012")


@pytest.fixture
def restored(market: Market, sandbox: Stripe, settle: Callable[[], None]) -> None:
    """A backup from before the run that paid alice; the gate has noticed."""
    alice = market.creator("alice", account=None)
    market.onboard(alice)
    market.sell(alice, 100_00)
    backup = transaction.savepoint()
    market.run()
    settle()
    transaction.savepoint_rollback(backup)
    market.run()
    Installation.objects.update(checked_at=None)
    sending.prepare(now=sql.now())
    assert selectors.behind_stripe()


def recover(**options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("recover", **{"actor": "dana", "reason": "restored", "json": True, **options}, stdout=out)
    return dict(json.loads(out.getvalue().splitlines()[-1]))


def status() -> dict[str, Any]:
    out = StringIO()
    call_command("sending", "status", json=True, stdout=out)
    return dict(json.loads(out.getvalue()))


def test_it_says_what_it_found_and_lets_sending_go_on(restored: None) -> None:
    report = recover()
    assert report["transfers"] == {"adopted": 1}
    assert report["amounts"] == [80_00]
    assert report["left for a person"] == []
    assert not selectors.behind_stripe()


def test_a_dry_run_says_the_same_and_changes_nothing(restored: None) -> None:
    report = recover(dry_run=True)
    assert (report["dry run"], report["transfers"]) == ("nothing was changed", {"adopted": 1})
    assert Payout.objects.get().status == "pending"
    assert selectors.behind_stripe()


def test_it_needs_the_right_to_recover(restored: None) -> None:
    UserFactory.create(username="fred")
    with pytest.raises(CommandError, match=r"\(recover\)"):
        recover(actor="fred")
    assert selectors.behind_stripe()


def test_if_stripe_does_not_answer_nothing_changes(restored: None, sandbox: Stripe) -> None:
    sandbox.inject({"method": "GET", "path": "/v1/transfers", "kind": "status", "status": 400})
    with pytest.raises(CommandError, match="run it again"):
        recover()
    assert Payout.objects.get().status == "pending"
    assert selectors.behind_stripe()


def test_the_payments_of_an_ignored_installation_are_left_alone(restored: None, sandbox: Stripe) -> None:
    (own,) = sandbox.transfers()
    sandbox.client.v1.transfers.create(
        {
            "amount": own["amount"],
            "currency": own["currency"],
            "destination": own["destination"],
            "transfer_group": own["transfer_group"],
            "metadata": {**own["metadata"], "installation_id": str(OTHER)},
        }
    )
    with pytest.raises(
        CommandError, match=f"shows no payments .* Other installations that it shows: {OTHER}"
    ):
        recover(ignore_installation=uuid4())
    assert recover()["of other installations"] == {str(OTHER): 1}
    assert recover(ignore_installation=OTHER)["of other installations"] == {}
    assert IgnoredInstallation.objects.get().uuid == OTHER
    assert recover(heed_installation=OTHER)["of other installations"] == {str(OTHER): 1}
    with pytest.raises(CommandError, match="isn't ignored"):
        recover(heed_installation=OTHER)


def test_sending_status_says_that_the_gate_is_shut_and_whom_it_ignores(restored: None) -> None:
    IgnoredInstallation.objects.create(uuid=OTHER, ignored_by="dana", reason="It pays other creators")
    told = status()
    assert told["gate"].startswith("shut")
    assert [row["id"] for row in told["ignored_installations"]] == [str(OTHER)]
    Installation.objects.update(checked_at=sql.now())
    assert status()["gate"] == "open"
