"""Real workers and beat record heartbeats, and are reported as late when they are dead."""

import json
from typing import Any

import pytest

from payouts_project import heartbeats
from tests.running import RunningService
from tests.waiting import wait_until
from web.redis_client import client

# Longer than the pause between a living part's heartbeats.
SILENT_SECONDS = 3 * heartbeats.INTERVAL_SECONDS


def ready(service: RunningService) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(service.get("/health/ready"))
    return report


def age(service: RunningService, part: str) -> int:
    seconds: int = ready(service)["parts"][part]["age_seconds"]
    return seconds


@pytest.mark.full
def test_a_killed_workers_heartbeat_ages_and_beats_does_not(service: RunningService) -> None:
    client().delete(*(f"heartbeat:{part}" for part in heartbeats.parts()))
    service.start_web()
    service.start_worker()
    report = ready(service)
    assert (report["status"], report["parts"]["beat"]["state"]) == ("degraded", "late")
    service.start_beat()
    wait_until(lambda: ready(service)["status"] == "ok", seconds=60)
    for queue in ("earnings", "payouts", "reports", "webhooks"):
        assert age(service, f"worker:{queue}") <= SILENT_SECONDS
    service.kill_worker()
    wait_until(lambda: age(service, "worker:payouts") > SILENT_SECONDS, seconds=60)
    assert age(service, "beat") <= SILENT_SECONDS
    assert b'payouts_heartbeat_age_seconds{part="beat"}' in service.get("/metrics")
    service.start_worker()
    wait_until(lambda: age(service, "worker:payouts") <= SILENT_SECONDS, seconds=60)
