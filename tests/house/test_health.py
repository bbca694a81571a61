"""Health checks for load balancers, without a token: is this process alive, and which parts work?"""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import Settings

from payouts_project import heartbeats
from payouts_project.local.ports import free_port
from tests.database.limits import limit_connections
from tests.silence import silent_server
from web.redis_client import client as redis_client


def readiness(status_code: int = 200) -> Any:
    answer = Client().get("/health/ready")
    assert answer.status_code == status_code
    assert answer["Cache-Control"] == "no-store"
    return answer.json()


def states(health: Any) -> dict[str, str]:
    return {name: part["state"] for name, part in health["parts"].items()}


@pytest.fixture
def alive() -> Iterator[None]:
    """Record a heartbeat of every part."""
    heartbeats.record(*heartbeats.parts())
    yield
    redis_client().delete(*(heartbeats._key(part) for part in heartbeats.parts()))


def test_health_answers_without_touching_the_database() -> None:
    answer = Client().get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


@pytest.mark.django_db
def test_all_is_ok_while_every_part_is_alive(alive: None) -> None:
    heartbeat = {"state": "ok", "age_seconds": ANY}
    assert readiness() == {
        "status": "ok",
        "parts": {
            "database": {"state": "ok"},
            "connections": {"state": "ok", "available": ANY},
            "redis": {"state": "ok"},
            "beat": heartbeat,
            "worker:earnings": heartbeat,
            "worker:payouts": heartbeat,
            "worker:reports": heartbeat,
            "worker:webhooks": heartbeat,
        },
    }


@pytest.mark.django_db
def test_a_part_without_a_heartbeat_for_a_minute_is_late_with_its_age(alive: None) -> None:
    remaining = heartbeats.REMEMBERED - timedelta(seconds=90)
    redis_client().expire(heartbeats._key(heartbeats.BEAT), remaining)
    health = readiness()
    assert health["status"] == "degraded"
    assert health["parts"]["beat"]["state"] == "late"
    assert 90 <= health["parts"]["beat"]["age_seconds"] < 100


@pytest.mark.django_db
def test_a_part_without_any_heartbeat_is_late_without_an_age(alive: None) -> None:
    redis_client().delete(heartbeats._key("worker:payouts"))
    health = readiness()
    assert health["status"] == "degraded"
    assert health["parts"]["worker:payouts"] == {"state": "late", "age_seconds": None}


@pytest.mark.django_db
def test_without_redis_the_web_still_serves(settings: Settings) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    health = readiness()
    assert health["status"] == "degraded"
    assert health["parts"]["redis"] == {"state": "down"}
    others = {"database", "connections", "redis"}
    assert {state for name, state in states(health).items() if name not in others} == {"unknown"}


@pytest.mark.django_db
def test_a_redis_that_never_answers_does_not_delay_the_check(settings: Settings) -> None:
    with silent_server() as settings.REDIS_URL:
        started = time.monotonic()
        assert states(readiness())["redis"] == "down"
    assert time.monotonic() - started < 5


@pytest.mark.django_db
def test_a_database_with_a_missing_migration_is_unavailable(alive: None) -> None:
    MigrationRecorder.Migration.objects.filter(app="payouts", name="0001_initial").delete()
    health = readiness(503)
    assert health["status"] == "unavailable"
    assert health["parts"]["database"] == {"state": "unmigrated"}


@pytest.mark.django_db
@pytest.mark.parametrize(("limit", "state", "available"), [(20, "ok", 19), (1, "short", 0)])
def test_a_shortage_of_connections_is_reported_as_degraded(
    alive: None, limit: int, state: str, available: int
) -> None:
    limit_connections(limit)
    health = readiness()
    assert health["status"] == ("ok" if state == "ok" else "degraded")
    assert health["parts"]["connections"] == {"state": state, "available": available}


def test_without_the_database_the_check_fails_and_reveals_no_details(
    transactional_db: None, alive: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.close()
    with monkeypatch.context() as elsewhere:
        elsewhere.setitem(connection.settings_dict, "PORT", free_port())
        health = readiness(503)
        scraped = Client().get("/metrics")
        console = Client(raise_request_exception=False).get(
            "/admin/", headers={"Cookie": "sessionid=of-somebody"}
        )
    connection.close()
    assert health["status"] == "unavailable"
    assert health["parts"]["database"] == {"state": "down"}
    assert health["parts"]["connections"] == {"state": "unknown", "available": None}
    assert states(health)["beat"] == "ok"
    assert (scraped.status_code, scraped.json()["code"]) == (503, "unavailable")
    assert (console.status_code, console["Retry-After"]) == (503, "5")
