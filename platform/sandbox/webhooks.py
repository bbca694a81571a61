"""Deliver signed events to the webhook endpoint, and retry until it accepts them.

Source: https://docs.stripe.com/webhooks#verify-manually and https://docs.stripe.com/webhooks#retries
"""

import hashlib
import hmac
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from threading import Lock
from urllib.parse import urlsplit

from sandbox.clock import Clock
from sandbox.config import Config
from sandbox.errors import JsonObject
from sandbox.store import Store
from sandbox.v2.events import notification

WORKERS = 4
IN_FLIGHT = 64
ANSWER_SECONDS = 10
LONGEST_WAIT_SECONDS = 30
GIVE_UP_SECONDS = 3 * 24 * 60 * 60


def signature_header(body: str, *, secret: str, timestamp: int) -> str:
    """Sign as Stripe does: the whole secret, including `whsec_`, is the key."""
    signed = hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={signed}"


class Deliverer:
    """Delivers due events from a few threads. An event stays due until it is known to be accepted, so one whose outcome
    was lost with the process is sent again.
    """

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="sandbox-webhook")
        self._lock = Lock()
        self._in_flight: set[int] = set()

    def send_due(self) -> None:
        with self._store.transaction() as tx:
            rows = tx.execute(
                "select deliveries.id, event.body, destination.body as destination from deliveries"
                " join objects event on event.id = event_id"
                " left join objects destination on destination.id = destination"
                " where due_at <= ? order by due_at limit ?",
                (self._clock.now(), IN_FLIGHT),
            )
        for row in rows:
            with self._lock:
                if row["id"] in self._in_flight:
                    continue
                self._in_flight.add(row["id"])
            destination = json.loads(row["destination"]) if row["destination"] else None
            self._pool.submit(self._deliver, row["id"], json.loads(row["body"]), destination)

    def close(self) -> None:
        """Wait for deliveries in progress; the rest waits for the next start."""
        self._pool.shutdown(cancel_futures=True)

    def _deliver(self, delivery: int, event: JsonObject, destination: JsonObject | None) -> None:
        status = self._post(event) if destination is None else self._notify(event, destination)
        with self._store.transaction() as tx:
            now = self._clock.now()
            if status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
                if destination is None:
                    tx.save({**event, "pending_webhooks": 0})
                tx.execute(
                    "update deliveries set attempts = attempts + 1, last_status = ?, delivered_at = ?,"
                    " due_at = null where id = ?",
                    (status, now, delivery),
                )
            else:
                tx.execute(
                    "update deliveries set attempts = attempts + 1, last_status = ?,"
                    " due_at = iif(created_at < ?, null, ? + min(1 << min(attempts, 5), ?))"
                    " where id = ?",
                    (status, now - GIVE_UP_SECONDS, now, LONGEST_WAIT_SECONDS, delivery),
                )
        with self._lock:
            self._in_flight.discard(delivery)

    def _post(self, event: JsonObject) -> int | None:
        """Post a snapshot to the webhook endpoint."""
        secret = self._config.webhook_secrets[-1 if "account" in event else 0]
        return _send(self._config.webhook_url, event, secret=secret)

    def _notify(self, event: JsonObject, destination: JsonObject) -> int | None:
        """Post a thin event to its destination."""
        endpoint = destination["webhook_endpoint"]
        return _send(endpoint["url"], notification(event), secret=endpoint["signing_secret"])


def _send(address: str, event: JsonObject, *, secret: str) -> int | None:
    """Return the endpoint's status, or None if there was no response."""
    body, url = json.dumps(event), urlsplit(address)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=ANSWER_SECONDS)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature_header(body, secret=secret, timestamp=int(time.time())),
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    try:
        connection.request("POST", url.path or "/", body.encode(), headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
