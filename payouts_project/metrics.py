"""`GET /metrics`, in Prometheus text format."""

import math
import secrets
from collections.abc import Iterator
from http import HTTPStatus

import redis
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from database.connections import count_connections
from payouts_project import heartbeats
from revenue.metrics import BusinessCollector
from web import problems
from web.problems import Problem

NO_TOKEN = Problem(HTTPStatus.UNAUTHORIZED, "not_authenticated", detail="A valid metrics token is required.")
LOOPBACK = frozenset(["127.0.0.1", "::1"])
# Headers that proxies add: a forwarded request isn't this machine's own, wherever the proxy runs.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


REDIS_UP = "1 if Redis answers."


class HeartbeatCollector:
    """Ages of the heartbeats of beat and the workers, and whether Redis, which keeps them, answers."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            ages = heartbeats.ages()
        except redis.RedisError:
            yield GaugeMetricFamily("payouts_redis_up", REDIS_UP, value=0)
            return
        yield GaugeMetricFamily("payouts_redis_up", REDIS_UP, value=1)
        gauge = GaugeMetricFamily(
            "payouts_heartbeat_age_seconds",
            "Time since the last heartbeat of beat or of a queue's workers, in seconds; +Inf after a day.",
            labels=["part"],
        )
        for part, age in ages.items():
            gauge.add_metric([part], math.inf if age is None else age.total_seconds())
        yield gauge


class ConnectionCollector:
    """PostgreSQL connections in use, and how many more can be opened."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        counted = count_connections()
        gauge = GaugeMetricFamily(
            "payouts_database_connections",
            "Open PostgreSQL connections, counted against the tightest limit that applies.",
            labels=["state"],
        )
        gauge.add_metric(["used"], counted.used)
        gauge.add_metric(["available"], counted.available)
        yield gauge


REGISTRY = CollectorRegistry()
REGISTRY.register(HeartbeatCollector())
REGISTRY.register(ConnectionCollector())
REGISTRY.register(BusinessCollector())


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer requests with METRICS_TOKEN; without a public https address, also requests from this machine.

    A public https address implies a proxy, whose forwarded requests could look like this machine's own.
    """
    if not (_has_token(request) or _is_local(request)):
        return problems.answer(NO_TOKEN, headers={"WWW-Authenticate": "Bearer"})
    try:
        text = generate_latest(REGISTRY)
    except OperationalError:
        return problems.answer(problems.FAULTS[OperationalError])
    return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected: str = settings.METRICS_TOKEN
    return (
        scheme.lower() == "bearer"
        and bool(expected)
        and secrets.compare_digest(token.encode(), expected.encode())
    )


def _is_local(request: HttpRequest) -> bool:
    return (
        not settings.PUBLIC_URL.startswith("https://")
        and request.META["REMOTE_ADDR"] in LOOPBACK
        and not any(name in request.headers for name in FORWARDED)
    )
