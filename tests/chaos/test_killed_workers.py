"""Even if workers die while sending hundreds of payouts and Stripe's answers get lost, everyone is paid once."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from payouts.models import Payout, PayoutAttempt
from payouts.services.reconciliation import books
from payouts.states import PayoutStatus
from tests.running import RunningService

CREATORS = 400
KILLS = 10
SEED = 20261101


def sales(folder: Path, chance: random.Random, *, creators: int = CREATORS) -> tuple[Path, Path]:
    catalog, billing = folder / "catalog.csv", folder / "billing.csv"
    rows = [f"api-{n},API {n},creator-{n},creator-{n}@example.com,US" for n in range(creators)]
    catalog.write_text("\n".join(["api_id,api_name,creator_id,creator_email,creator_country", *rows]))
    charges = [
        f"r-{n},charge,api-{n},{chance.randint(4_000, 90_000)},USD,2026-09-15T00:00:00Z"
        for n in range(creators)
    ]
    billing.write_text("\n".join(["record_id,kind,api_id,amount,currency,occurred_at", *charges]))
    return catalog, billing


@pytest.mark.full
def test_killed_workers_and_lost_answers_still_pay_everyone_exactly_once(
    service: RunningService, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    catalog, billing = sales(tmp_path, chance)
    service.stripe.raw_request("post", "/_sandbox/fund", amount=100_000_000, currency="usd")
    service.manage("import_catalog", str(catalog))
    service.manage("add_source", "billing")
    service.manage("import_billing", str(billing), "--source", "billing")
    service.manage("onboard_creators")
    lost = {"kind": "drop_response_after_work", "method": "POST", "path": r"^/v1/(transfers|payouts)$"}
    service.inject(lost | {"probability": 0.1})
    service.start_web()
    service.start_worker()
    service.manage("run_payouts", "--now", "2026-10-01T00:00:00Z")
    assert Payout.objects.count() == CREATORS

    kills = 0
    next_kill = time.monotonic() + 6
    deadline = time.monotonic() + 900
    while Payout.objects.exclude(status=PayoutStatus.PAID).exists():
        assert time.monotonic() < deadline, Counter(Payout.objects.values_list("status", flat=True))
        service.send("payouts.sweep")
        service.send("stripe_io.sweep_inbox")
        if kills < KILLS and time.monotonic() > next_kill:
            service.kill_worker()
            service.start_worker()
            kills += 1
            next_kill = time.monotonic() + chance.uniform(4, 8)
        time.sleep(1)

    state = service.state()
    transferred = {transfer["metadata"]["reference"]: transfer["amount"] for transfer in state["transfers"]}
    banked = {payout["metadata"]["reference"]: payout["amount"] for payout in state["payouts"]}
    owed = dict(Payout.objects.values_list("reference", "net_amount"))
    assert kills == KILLS
    assert state["faults"]["drop_response_after_work"] > CREATORS * 0.1
    assert PayoutAttempt.objects.filter(in_doubt=True).exists()
    assert len(state["transfers"]) == len(state["payouts"]) == CREATORS
    assert transferred == banked == owed
    books.require_sound()
