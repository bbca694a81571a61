"""A webhook endpoint for the tests of what is delivered."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import stripe

PLATFORM_SECRET = "whsec_platform"
CONNECT_SECRET = "whsec_connect"


class Receiver:
    """A webhook endpoint that refuses the first `refusals` requests, and keeps the others."""

    def __init__(self) -> None:
        self.refusals = 0
        self.asked = 0
        self.taken: list[tuple[str, str]] = []  # body, signature
        self._lock = threading.Lock()

    def take(self, body: str, signature: str) -> int:
        with self._lock:
            self.asked += 1
            if self.asked <= self.refusals:
                return 500
            self.taken.append((body, signature))
            return 200

    def wait_for(self, event_type: str) -> stripe.Event:
        """Wait for an event, and check its signature as the service does."""
        for _ in range(500):
            for body, signature in list(self.taken):
                event = json.loads(body)
                if event["type"] == event_type:
                    secret = CONNECT_SECRET if "account" in event else PLATFORM_SECRET
                    return stripe.Webhook.construct_event(body, signature, secret)  # type: ignore[no-any-return]
            time.sleep(0.01)
        raise AssertionError(f"no {event_type} came")

    def notified_of(self, event_type: str) -> tuple[str, str]:
        """Wait for a thin event, and return its body and signature."""
        found: list[tuple[str, str]] = []

        def came() -> bool:
            found.extend(each for each in self.taken if json.loads(each[0])["type"] == event_type)
            return bool(found)

        wait_until(came)
        return found[0]

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body, _ in self.taken]


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about")
