"""Faults on demand: what a bad network, a busy Stripe or a failing Stripe does to a request.

A rule says which requests it can hit (`method`, and `path` as a regular expression for the whole path), how often
(`count` times, or with a `probability` from the seeded generator; otherwise always), after how many of them (`after`;
otherwise none), for how long (`for_seconds` from now; otherwise without end), and what happens.
"""

import json
import math
import random
import re
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from sandbox.clock import Clock
from sandbox.errors import ParameterMissing
from sandbox.messages import NoAnswer, Response
from sandbox.parameters import Array, Boolean, Choice, Decimal, Hash, Integer, Pattern, Schema, Text

# Each kind with its required setting.
KINDS = {
    "status": "status",
    "abort_work": "status",
    "rate_limit_per_second": "rate_limit_per_second",
    "timeout": "seconds",
    "drop_response_after_work": "kind",
    "connection_reset": "kind",
    "latency_ms": "latency_ms",
    "broken_text": "kind",
}
# These come on top of any other fault.
_ADDED = ("latency_ms", "broken_text")

RULES: Schema = {
    "rules": Array(
        Hash(
            {
                "kind": Choice(tuple(KINDS), required=True),
                "method": Choice(("GET", "POST", "DELETE")),
                "path": Pattern(),
                "probability": Decimal(),
                "count": Integer(minimum=1),
                "after": Integer(minimum=1),
                "for_seconds": Decimal(),
                "after_work": Boolean(),
                "status": Integer(minimum=400, maximum=599),
                "type": Text(),
                "code": Text(),
                "message": Text(),
                "should_retry": Boolean(),
                "reason": Text(),
                "seconds": Decimal(),
                "latency_ms": Integer(minimum=1),
                "rate_limit_per_second": Integer(minimum=1),
            }
        ),
        required=True,
    )
}

WINDOW_SECONDS = 1.0


class Moment(Enum):
    """When a fault hits, relative to the work; only the first leaves nothing saved under the idempotency key."""

    BEFORE_WORK = auto()
    INSTEAD_OF_WORK = auto()
    AFTER_WORK = auto()


@dataclass(frozen=True)
class Fault:
    kind: str
    settings: dict[str, Any]

    @property
    def moment(self) -> Moment:
        if self.kind == "abort_work":
            return Moment.INSTEAD_OF_WORK
        if self.kind == "drop_response_after_work" or self.settings.get("after_work"):
            return Moment.AFTER_WORK
        return Moment.BEFORE_WORK

    def outcome(self) -> Response | NoAnswer:
        """Source: https://docs.stripe.com/rate-limits and https://docs.stripe.com/error-low-level"""
        match self.kind:
            case "timeout":
                return NoAnswer(seconds=self.settings["seconds"])
            case "drop_response_after_work":
                return NoAnswer()
            case "connection_reset":
                return NoAnswer(reset=True)
            case "rate_limit_per_second":
                limited = {"code": "rate_limit", "should_retry": False}
                return _error(HTTPStatus.TOO_MANY_REQUESTS, limited | self.settings)
        return _error(self.settings["status"], self.settings)


@dataclass(frozen=True)
class Plan:
    """What happens to one request: a delay before the work, at most one fault, and broken text in the response."""

    latency_seconds: float = 0.0
    breaks_text: bool = False
    fault: Fault | None = None

    def outcome(self, moment: Moment) -> Response | NoAnswer | None:
        """What the client gets if the fault hits at this moment."""
        return self.fault.outcome() if self.fault and self.fault.moment is moment else None


class Faults:
    """The current rules, and how often each kind has hit; lost when the sandbox stops."""

    def __init__(self, clock: Clock, *, seed: int) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._chance = random.Random(seed)  # noqa: S311 - must be repeatable
        self._rules: list[_Rule] = []
        self._injected: Counter[str] = Counter()

    def replace(self, rules: list[dict[str, Any]]) -> None:
        """Replace all rules with these; an invalid rule is a bad request."""
        now = self._clock.now()
        made = [
            _Rule.from_settings(f"rules[{position}]", settings, now=now)
            for position, settings in enumerate(rules)
        ]
        with self._lock:
            self._rules = made

    def plan(self, method: str, path: str) -> Plan:
        """Decide what happens to this request: delays add up, text breaks once, and the first other fault wins."""
        latency_seconds = 0.0
        breaks_text = False
        struck: Fault | None = None
        now = self._clock.now()
        with self._lock:
            for rule in self._rules:
                may_strike = rule.kind in _ADDED or struck is None
                if not may_strike or not rule.matches(method, path, now=now):
                    continue
                if rule.strikes(self._chance):
                    self._injected[rule.kind] += 1
                    match rule.kind:
                        case "latency_ms":
                            latency_seconds += rule.settings["latency_ms"] / 1000
                        case "broken_text":
                            breaks_text = True
                        case _:
                            struck = Fault(rule.kind, rule.settings)
        return Plan(latency_seconds, breaks_text, struck)

    def injected(self) -> dict[str, int]:
        with self._lock:
            return dict(self._injected)


@dataclass
class _Rule:
    """A rule, how many requests it still spares, and its remaining hits.

    `recent` has the times of the requests that passed a rate limit.
    """

    kind: str
    settings: dict[str, Any]
    path: re.Pattern[str]
    spares: int
    remaining: int | None
    ends_at: float
    recent: deque[float] = field(default_factory=deque)

    @classmethod
    def from_settings(cls, name: str, settings: dict[str, Any], *, now: float) -> "_Rule":
        kind = settings["kind"]
        if KINDS[kind] not in settings:
            raise ParameterMissing(f"{name}[{KINDS[kind]}]")
        path = re.compile(settings.get("path", ".*"))
        ends_at = now + settings.get("for_seconds", math.inf)
        return cls(kind, settings, path, settings.get("after", 0), settings.get("count"), ends_at)

    def matches(self, method: str, path: str, *, now: float) -> bool:
        same_method = self.settings.get("method", method) == method
        return now < self.ends_at and same_method and bool(self.path.fullmatch(path))

    def strikes(self, chance: random.Random) -> bool:
        """Decide whether the rule hits a matching request, and record it."""
        if self.spares:
            self.spares -= 1
            return False
        if self.remaining == 0 or chance.random() >= self.settings.get("probability", 1.0):
            return False
        if self.kind == "rate_limit_per_second" and self._within_limit():
            return False
        if self.remaining is not None:
            self.remaining -= 1
        return True

    def _within_limit(self) -> bool:
        now = time.monotonic()
        while self.recent and self.recent[0] <= now - WINDOW_SECONDS:
            self.recent.popleft()
        if len(self.recent) >= self.settings["rate_limit_per_second"]:
            return False
        self.recent.append(now)
        return True


def _message(status: int, settings: dict[str, Any]) -> str:
    """Return what the answer says by default: a 403 without a code is one that a restricted key gets."""
    if status == HTTPStatus.FORBIDDEN and "code" not in settings:
        return (
            "The provided key 'rk_test_***' does not have the required permissions for this endpoint. Having the "
            "'rak_transfer_write' permission would allow this request to continue."
        )
    return "Injected by the sandbox."


def _error(status: int, settings: dict[str, Any]) -> Response:
    default_type = "api_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    error = {
        "type": settings.get("type", default_type),
        "message": settings.get("message", _message(status, settings)),
    }
    if "code" in settings:
        error["code"] = settings["code"]
    headers = {}
    if "should_retry" in settings:
        headers["Stripe-Should-Retry"] = "true" if settings["should_retry"] else "false"
    if "reason" in settings:
        headers["Stripe-Rate-Limited-Reason"] = settings["reason"]
    return Response(status=status, body=json.dumps({"error": error}), headers=headers)
