"""`GET /health`: is this process alive? `GET /health/ready`: what of the service works?"""

from datetime import timedelta
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from typing import Any

import redis
from django.db import Error, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from database.connections import Connections, count_connections
from payouts_project import heartbeats

NO_STORE = {"Cache-Control": "no-store"}
DATABASE_TIMEOUT = timedelta(seconds=2)


class State(StrEnum):
    """What is the matter with a part, if anything is."""

    OK = "ok"
    DOWN = "down"  # it does not answer
    UNMIGRATED = "unmigrated"  # the database lacks migrations that this code needs
    SHORT = "short"  # fewer than a tenth of PostgreSQL's connections are left
    LATE = "late"  # last alive more than a minute ago, or never
    UNKNOWN = "unknown"  # what would know is down


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 without asking anything of the database, Redis or Stripe."""
    return JsonResponse({"status": "ok"}, headers=NO_STORE)


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Tell the state of each part; 503 only when the database can't serve.

    Without Redis, workers or beat this process is still worth sending requests to: earnings and payouts are read
    from the database, and webhooks are stored there and handled when the others are back. Were it taken out of
    service for them, Stripe's events would be turned away for nothing.
    """
    database, connections = _database()
    states = {
        "database": {"state": database},
        "connections": _connections(connections),
        **_redis_and_heartbeats(),
    }
    if database != State.OK:
        status = "unavailable"
    else:
        status = "ok" if all(part["state"] == State.OK for part in states.values()) else "degraded"
    return JsonResponse(
        {"status": status, "parts": states},
        status=HTTPStatus.OK if database == State.OK else HTTPStatus.SERVICE_UNAVAILABLE,
        headers=NO_STORE,
    )


def _database() -> tuple[State, Connections | None]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {DATABASE_TIMEOUT // timedelta(milliseconds=1)}")
            applied = set(MigrationRecorder(connection).applied_migrations())
            connections = count_connections()
    except Error:
        return State.DOWN, None
    return State.OK if _migrations() <= applied else State.UNMIGRATED, connections


def _connections(counted: Connections | None) -> dict[str, Any]:
    if counted is None:
        return {"state": State.UNKNOWN, "available": None}
    return {"state": State.SHORT if counted.are_short else State.OK, "available": counted.available}


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """Name all migrations of this code, which does not change while it runs."""
    return frozenset(MigrationLoader(None).disk_migrations)


def _redis_and_heartbeats() -> dict[str, dict[str, Any]]:
    try:
        ages = heartbeats.ages()
    except redis.RedisError:
        unknown = {part: {"state": State.UNKNOWN, "age_seconds": None} for part in heartbeats.parts()}
        return {"redis": {"state": State.DOWN}, **unknown}
    return {"redis": {"state": State.OK}, **{part: _heartbeat(age) for part, age in ages.items()}}


def _heartbeat(age: timedelta | None) -> dict[str, Any]:
    if age is None:
        return {"state": State.LATE, "age_seconds": None}
    return {
        "state": State.OK if age <= heartbeats.LATE else State.LATE,
        "age_seconds": int(age.total_seconds()),
    }
