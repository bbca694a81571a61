"""Pauses of all sending: Stripe refuses our API key, or staff pause it."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from database import sql
from database.staff import Act
from payouts import policy
from payouts.errors import AlreadyPaused, NotPaused
from payouts.models import PauseCause, Payout, SendingPause
from payouts.services import sending
from payouts.services.deciding import pauses
from payouts.states import PayoutStatus
from tests.local_stripe import Stripe
from tests.payouts.market import Market, unsound
from tests.payouts.sending import SEND, requests, send_bank_payout, send_transfer, work

pytestmark = pytest.mark.django_db
REFUSED_KEY = [{"kind": "status", "status": 401}, {"kind": "status", "status": 403}]
WHY = Act("dana", "A wrong run")


@pytest.fixture
def due(market: Market, sandbox: Stripe) -> datetime:
    """Make three waiting payouts; return a time at which they are due."""
    creators = market.creators(["alice", "bob", "charlie"], account=None)
    for creator in creators:
        market.onboard(creator)
    market.sell_all(creators, 100_00)
    market.run()
    return sql.now()


def statuses() -> set[str]:
    return set(Payout.objects.values_list("status", flat=True))


def asked(sandbox: Stripe) -> int:
    return sum(count for what, count in sandbox.state()["requests"].items() if " /v1/" in what)


@pytest.mark.parametrize("fault", REFUSED_KEY, ids=["401", "403"])
def test_a_refused_key_pauses_all_sending(due: datetime, sandbox: Stripe, fault: dict[str, Any]) -> None:
    sandbox.inject({**SEND, **fault, "count": 1})
    work(due)
    assert requests(sandbox) == 1
    assert sorted(Payout.objects.values_list("status", flat=True)) == ["pending", "pending", "processing"]
    pause = SendingPause.objects.get()
    assert (pause.cause, pause.currency, pause.started_by) == (PauseCause.KEY_REFUSED, "", "system")
    assert str(fault["status"]) in pause.detail
    assert sending.take_due(now=due + timedelta(minutes=3)) is None


@pytest.mark.parametrize("fault", REFUSED_KEY, ids=["401", "403"])
def test_sending_resumes_by_itself_once_stripe_accepts_the_key(
    due: datetime, sandbox: Stripe, fault: dict[str, Any]
) -> None:
    sandbox.inject({**SEND, **fault, "count": 1})
    work(due)
    work(due + policy.PROBE_KEY_AFTER)
    assert SendingPause.objects.get().lifted_by == "system"
    for minutes in range(1, 10):
        work(due + policy.PROBE_KEY_AFTER + timedelta(minutes=minutes))
    assert PayoutStatus.PROCESSING not in statuses()
    assert len(sandbox.transfers()) == 3
    assert unsound() == {}


def test_the_pause_stays_while_stripe_refuses_the_key(due: datetime, sandbox: Stripe) -> None:
    sandbox.inject({"kind": "status", "status": 401, "path": "/v1/.*"})
    pauses_seen: list[datetime] = []
    for minutes in range(0, 30, 5):
        now = due + timedelta(minutes=minutes)
        work(now)
        pauses_seen += SendingPause.objects.filter(lifted_at=None).values_list("probe_at", flat=True)
    assert len(set(pauses_seen)) == len(pauses_seen) > 3
    assert SendingPause.objects.count() == 1
    assert sandbox.transfers() == []


def test_a_key_that_can_read_but_not_send_pauses_again(due: datetime, sandbox: Stripe) -> None:
    sandbox.inject({**SEND, "kind": "status", "status": 403})
    for minutes in range(0, 60, 1):
        work(due + timedelta(minutes=minutes))
    assert requests(sandbox) <= 60 / 5 + 1
    assert SendingPause.objects.filter(lifted_at=None).exists()


def test_nothing_in_doubt_is_sent_or_looked_up_while_the_key_is_refused(
    due: datetime, sandbox: Stripe
) -> None:
    sandbox.inject({**SEND, "kind": "drop_response_after_work", "count": 2})
    work(due)
    pauses.pause_sending(act=WHY, now=due)
    before = asked(sandbox)
    Payout.objects.update(next_retry_at=due)
    for payout in Payout.objects.all():
        send_transfer(payout.pk, now=due)
    assert asked(sandbox) == before


def test_arrived_money_does_not_go_to_the_bank_while_paused(due: datetime, sandbox: Stripe) -> None:
    for payout in Payout.objects.all():
        send_transfer(payout.pk, now=due)
    later = due + timedelta(minutes=1)
    pauses.pause_sending(act=WHY, now=later)
    for payout in Payout.objects.all():
        send_bank_payout(payout.pk, now=later)
    assert sandbox.state()["payouts"] == []
    pauses.resume_sending(act=Act("dana", "Done"), now=later)
    for payout in Payout.objects.all():
        send_bank_payout(payout.pk, now=later)
    assert len(sandbox.state()["payouts"]) == 3


def test_losing_one_connected_account_pauses_nobody_else(due: datetime, sandbox: Stripe) -> None:
    for payout in Payout.objects.all():
        send_transfer(payout.pk, now=due)
    lost = {
        "method": "POST",
        "path": "/v1/payouts",
        "kind": "status",
        "status": 403,
        "code": "account_invalid",
    }
    sandbox.inject({**lost, "count": 1})
    for payout in Payout.objects.order_by("pk"):
        send_bank_payout(payout.pk, now=due + timedelta(minutes=1))
    assert not SendingPause.objects.exists()
    assert len(sandbox.state()["payouts"]) == 2


@pytest.mark.usefixtures("dana_and_erin")
def test_staff_pause_and_resume_all_sending_with_reason_and_name(due: datetime, sandbox: Stripe) -> None:
    call_command("sending", "pause", "--reason", "A wrong run", "--actor", "dana", stdout=StringIO())
    work(due)
    assert statuses() == {PayoutStatus.PENDING}
    out = StringIO()
    call_command("sending", "status", "--json", stdout=out)
    assert json.loads(out.getvalue())["pauses"] == {"staff": "A wrong run"}
    call_command("sending", "resume", "--reason", "It was right", "--actor", "erin", stdout=StringIO())
    work(due)
    assert statuses() == {PayoutStatus.IN_TRANSIT}
    pause = SendingPause.objects.get()
    assert (pause.started_by, pause.lifted_by) == ("dana via cli", "erin via cli")
    assert pause.lift_reason == "It was right"


def test_a_pause_by_staff_is_not_lifted_by_stripe_accepting_the_key(due: datetime, sandbox: Stripe) -> None:
    pauses.pause_sending(act=WHY, now=due)
    work(due + timedelta(hours=1))
    assert statuses() == {PayoutStatus.PENDING}


def test_the_first_pause_keeps_its_actor_and_reason_until_it_is_lifted() -> None:
    pauses.pause_sending(act=WHY, now=sql.now())
    with pytest.raises(AlreadyPaused, match="by dana: A wrong run"):
        pauses.pause_sending(act=Act("erin", "Another reason"), now=sql.now())
    pause = SendingPause.objects.get()
    assert (pause.started_by, pause.detail) == ("dana", "A wrong run")


def test_sending_that_is_not_paused_cannot_be_resumed() -> None:
    with pytest.raises(NotPaused):
        pauses.resume_sending(act=Act("dana", "It was right"), now=sql.now())


@pytest.mark.usefixtures("dana_and_erin")
def test_nobody_pauses_or_resumes_without_a_reason() -> None:
    for act in ("pause", "resume"):
        with pytest.raises(CommandError, match="A reason is needed"):
            call_command("sending", act, "--reason", " ", "--actor", "dana")
    assert not SendingPause.objects.exists()
