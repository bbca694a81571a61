"""What a load balancer asks, without a token: is this process alive, and what of the service works?"""

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


def asked(status_code: int = 200) -> Any:
    answer = Client().get("/health/ready")
    assert answer.status_code == status_code
    assert answer["Cache-Control"] == "no-store"
    return answer.json()


def states(told: Any) -> dict[str, str]:
    return {name: part["state"] for name, part in told["parts"].items()}


@pytest.fixture
def alive() -> Iterator[None]:
    """Every part was alive just now."""
    heartbeats.record(*heartbeats.parts())
    yield
    redis_client().delete(*(heartbeats._key(part) for part in heartbeats.parts()))


def test_health_answers_without_touching_the_database() -> None:
    answer = Client().get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


@pytest.mark.django_db
def test_all_is_well_when_each_part_is_alive(alive: None) -> None:
    heartbeat = {"state": "ok", "age_seconds": ANY}
    assert asked() == {
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
def test_a_part_not_seen_for_a_minute_is_late_with_its_age(alive: None) -> None:
    seen = heartbeats.REMEMBERED - timedelta(seconds=90)
    redis_client().expire(heartbeats._key(heartbeats.BEAT), seen)
    told = asked()
    assert told["status"] == "degraded"
    assert told["parts"]["beat"]["state"] == "late"
    assert 90 <= told["parts"]["beat"]["age_seconds"] < 100


@pytest.mark.django_db
def test_a_part_never_seen_is_late_and_has_no_age(alive: None) -> None:
    redis_client().delete(heartbeats._key("worker:payouts"))
    told = asked()
    assert told["status"] == "degraded"
    assert told["parts"]["worker:payouts"] == {"state": "late", "age_seconds": None}


@pytest.mark.django_db
def test_without_redis_the_web_still_serves(settings: Settings) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    told = asked()
    assert told["status"] == "degraded"
    assert told["parts"]["redis"] == {"state": "down"}
    others = {"database", "connections", "redis"}
    assert {state for name, state in states(told).items() if name not in others} == {"unknown"}


@pytest.mark.django_db
def test_a_redis_that_never_answers_keeps_nobody_waiting(settings: Settings) -> None:
    with silent_server() as settings.REDIS_URL:
        started = time.monotonic()
        assert states(asked())["redis"] == "down"
    assert time.monotonic() - started < 5


@pytest.mark.django_db
def test_a_database_without_a_migration_of_ours_cannot_serve(alive: None) -> None:
    MigrationRecorder.Migration.objects.filter(app="payouts", name="0001_initial").delete()
    told = asked(503)
    assert told["status"] == "unavailable"
    assert told["parts"]["database"] == {"state": "unmigrated"}


@pytest.mark.django_db
@pytest.mark.parametrize(("limit", "state", "available"), [(20, "ok", 19), (1, "short", 0)])
def test_when_connections_run_short_it_says_so_and_still_serves(
    alive: None, limit: int, state: str, available: int
) -> None:
    limit_connections(limit)
    told = asked()
    assert told["status"] == ("ok" if state == "ok" else "degraded")
    assert told["parts"]["connections"] == {"state": state, "available": available}


def test_without_the_database_the_web_cannot_serve_and_says_nothing_of_it(
    transactional_db: None, alive: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.close()
    with monkeypatch.context() as elsewhere:
        elsewhere.setitem(connection.settings_dict, "PORT", free_port())
        told = asked(503)
        scraped = Client().get("/metrics")
        console = Client(raise_request_exception=False).get(
            "/admin/", headers={"Cookie": "sessionid=of-somebody"}
        )
    connection.close()
    assert told["status"] == "unavailable"
    assert told["parts"]["database"] == {"state": "down"}
    assert told["parts"]["connections"] == {"state": "unknown", "available": None}
    assert states(told)["beat"] == "ok"
    assert (scraped.status_code, scraped.json()["code"]) == (503, "unavailable")
    assert (console.status_code, console["Retry-After"]) == (503, "5")
