"""`GET /metrics`: what operators watch, as Prometheus reads it."""

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

NO_TOKEN = Problem(HTTPStatus.UNAUTHORIZED, "not_authenticated", detail="This needs the metrics token.")
LOOPBACK = frozenset(["127.0.0.1", "::1"])
# What proxies add: who comes through one is not this machine, wherever the proxy runs.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


class HeartbeatCollector:
    """How long ago beat and the workers were alive, and whether Redis could tell."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            ages = heartbeats.ages()
        except redis.RedisError:
            yield GaugeMetricFamily("payouts_redis_up", "Whether Redis answers.", value=0)
            return
        yield GaugeMetricFamily("payouts_redis_up", "Whether Redis answers.", value=1)
        gauge = GaugeMetricFamily(
            "payouts_heartbeat_age_seconds",
            "How long ago beat, or some worker of a queue, was alive; +Inf if not within a day.",
            labels=["part"],
        )
        for part, age in ages.items():
            gauge.add_metric([part], math.inf if age is None else age.total_seconds())
        yield gauge


class ConnectionCollector:
    """How many of PostgreSQL's connections are taken, and how many may still be opened."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        counted = count_connections()
        gauge = GaugeMetricFamily(
            "payouts_database_connections",
            "Connections to PostgreSQL, everybody's, under the limit that is reached first.",
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
    """Answer whoever has METRICS_TOKEN, and without a public https address this machine itself.

    With one there is a proxy, and what that forwards may look like this machine's own.
    """
    if not (_has_token(request) or _is_from_here(request)):
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


def _is_from_here(request: HttpRequest) -> bool:
    return (
        not settings.PUBLIC_URL.startswith("https://")
        and request.META["REMOTE_ADDR"] in LOOPBACK
        and not any(name in request.headers for name in FORWARDED)
    )
