"""Faults on demand: what a network, a busy Stripe or a failing one does to a request.

A rule says which requests it may hit (`method`, and `path` as a regular expression for the whole path), how
often (`count` times, or with a `probability` drawn from the seeded generator; always, with neither), and what
happens.
"""

import random
import re
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.parameters import Array, Boolean, Choice, Decimal, Hash, Integer, Schema, Text

KINDS = (
    "status",
    "timeout",
    "drop_response_after_work",
    "connection_reset",
    "latency_ms",
    "rate_limit_per_second",
)

RULES: Schema = {
    "rules": Array(
        Hash(
            {
                "kind": Choice(KINDS, required=True),
                "method": Choice(("GET", "POST", "DELETE")),
                "path": Text(),
                "probability": Decimal(),
                "count": Integer(minimum=1),
                # `status`: the answer. After work, it is what is saved under the idempotency key.
                "status": Integer(minimum=400, maximum=599),
                "type": Text(),
                "code": Text(),
                "message": Text(),
                "should_retry": Boolean(),
                # `status` and `timeout`
                "after_work": Boolean(),
                # `timeout`: how long the connection is held.
                "seconds": Decimal(),
                "latency_ms": Integer(minimum=1),
                "rate_limit_per_second": Integer(minimum=1),
            }
        ),
        required=True,
    )
}

WINDOW_SECONDS = 1.0


@dataclass
class Rule:
    """One rule and what is left of it."""

    kind: str
    settings: dict[str, Any]
    remaining: int | None
    recent: deque[float] = field(default_factory=deque)

    def takes(self, method: str, path: str) -> bool:
        wanted = self.settings.get("method", method)
        return bool(wanted == method and re.fullmatch(self.settings.get("path", ".*"), path))

    def fires(self, chance: random.Random) -> bool:
        """Decide about one request that the rule takes, and remember it."""
        if self.remaining == 0 or chance.random() >= self.settings.get("probability", 1.0):
            return False
        if self.kind == "rate_limit_per_second" and not self._over_limit():
            return False
        if self.remaining is not None:
            self.remaining -= 1
        return True

    def _over_limit(self) -> bool:
        now = time.monotonic()
        while self.recent and self.recent[0] <= now - WINDOW_SECONDS:
            self.recent.popleft()
        if len(self.recent) >= self.settings["rate_limit_per_second"]:
            return True
        self.recent.append(now)
        return False


@dataclass(frozen=True)
class Plan:
    """What befalls one request: a delay, and at most one fault."""

    latency_seconds: float = 0.0
    kind: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def after_work(self) -> bool:
        return self.kind == "drop_response_after_work" or bool(self.settings.get("after_work", False))


class Faults:
    """The rules in force and how often each kind has struck; forgotten when the sandbox stops."""

    def __init__(self, *, seed: int) -> None:
        self._lock = threading.Lock()
        self._chance = random.Random(seed)  # noqa: S311 - it shall be repeatable
        self._rules: list[Rule] = []
        self._injected: Counter[str] = Counter()

    def replace(self, rules: list[dict[str, Any]]) -> None:
        with self._lock:
            self._rules = [Rule(rule["kind"], rule, rule.get("count")) for rule in rules]

    def plan(self, method: str, path: str) -> Plan:
        """Draw what befalls this request: delays add up, and the first other fault wins."""
        latency, struck = 0.0, None
        with self._lock:
            for rule in self._rules:
                if not rule.takes(method, path):
                    continue
                if rule.kind == "latency_ms":
                    if rule.fires(self._chance):
                        latency += rule.settings["latency_ms"] / 1000
                        self._injected[rule.kind] += 1
                elif struck is None and rule.fires(self._chance):
                    struck = rule
                    self._injected[rule.kind] += 1
        if struck is None:
            return Plan(latency)
        return Plan(latency, struck.kind, struck.settings)

    def injected(self) -> dict[str, int]:
        with self._lock:
            return dict(self._injected)
