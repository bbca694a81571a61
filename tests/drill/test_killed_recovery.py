"""A recovery that is killed is run again, and the service goes on as if nothing had happened."""

import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from database.staff import Right
from payouts.models import Payout
from payouts.services.reconciliation import books
from payouts.states import PayoutStatus
from tests.chaos.test_killed_workers import sales
from tests.databases import Databases
from tests.factories import UserFactory
from tests.running import RunningService, kill
from tests.waiting import wait_until

CREATORS = 60
SEED = 20261101
RECOVER = ("manage.py", "recover", "--actor", "dana", "--reason", "A backup was restored")


def pay_everybody(service: RunningService) -> None:
    parts = [service.start_web(), service.start_worker()]
    deadline = time.monotonic() + 300
    while Payout.objects.exclude(status=PayoutStatus.PAID).exists():
        assert time.monotonic() < deadline, Counter(Payout.objects.values_list("status", flat=True))
        service.send("payouts.sweep")
        service.send("stripe_io.sweep_inbox")
        time.sleep(1)
    for part in parts:
        kill(part)


@pytest.mark.full
def test_a_killed_recovery_is_run_again_and_nobody_is_paid_twice(
    service: RunningService, tmp_path: Path
) -> None:
    databases = Databases(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    catalog, billing = sales(tmp_path, random.Random(SEED), creators=CREATORS)
    service.stripe.raw_request("post", "/_sandbox/fund", amount=100_000_000, currency="usd")
    service.manage("import_catalog", str(catalog))
    service.manage("add_source", "billing")
    service.manage("import_billing", str(billing), "--source", "billing")
    service.manage("onboard_creators")
    UserFactory.create(username="dana", rights=list(Right))
    databases.copy(name, "killed_recovery_backup")
    service.manage("run_payouts", "--now", "2026-10-01T00:00:00Z")
    pay_everybody(service)

    databases.copy("killed_recovery_backup", name)
    for made in (CREATORS // 4, CREATORS // 2):
        recovery = service.start(*RECOVER)
        wait_until(lambda made=made: Payout.objects.count() >= made, seconds=60)  # type: ignore[misc]
        kill(recovery)
        assert Payout.objects.count() < CREATORS
    service.manage(*RECOVER[1:])
    assert Payout.objects.count() == CREATORS
    pay_everybody(service)

    state = service.state()
    assert len(state["transfers"]) == len(state["payouts"]) == CREATORS
    paid = dict(Payout.objects.values_list("stripe_transfer_id", "net_amount"))
    assert {transfer["id"]: transfer["amount"] for transfer in state["transfers"]} == paid
    books.require_sound()
