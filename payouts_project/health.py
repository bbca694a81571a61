"""`GET /health`: is this process alive? `GET /health/ready`: which parts of the service work?"""

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
    """The state of one part of the service."""

    OK = "ok"
    DOWN = "down"  # it doesn't answer
    UNMIGRATED = "unmigrated"  # the database lacks migrations that this code needs
    SHORT = "short"  # fewer than a tenth of PostgreSQL's connections are left
    LATE = "late"  # its last heartbeat was more than a minute ago, or there was none
    UNKNOWN = "unknown"  # the part that knows its state is down


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 without using the database, Redis or Stripe."""
    return JsonResponse({"status": "ok"}, headers=NO_STORE)


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Report the state of each part; answer 503 only if the database can't be used.

    Without Redis, workers or beat, this process can still handle requests: earnings and payouts are read from the
    database, and webhooks are stored there and handled later. Taking it out of service would only reject Stripe's
    events.
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
    """List all migrations of the running code."""
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
