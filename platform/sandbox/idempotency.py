"""The idempotency layer: a key gets the same response again.

Source: https://docs.stripe.com/api/idempotent_requests
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from sandbox import switches
from sandbox.context import Context
from sandbox.errors import IdempotencyKeyInUse, IdempotencyKeyReused, InvalidRequest, JsonObject
from sandbox.messages import Response

KEY_LENGTH = 255


@dataclass(frozen=True)
class Rules:
    """How long an API keeps keys, and whether it keeps refusals like successes. The other API doesn't know its keys.

    Source: https://docs.stripe.com/api/idempotent_requests and https://docs.stripe.com/api-v2-overview#idempotency
    """

    api: str
    kept_seconds: int
    keeps_refusals: bool


V1 = Rules("v1", 24 * 60 * 60, keeps_refusals=True)
V2 = Rules("v2", 30 * 24 * 60 * 60, keeps_refusals=False)


class KeysInProgress:
    """Keys whose first request is still in progress: a second request is refused, not queued."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: set[tuple[str, str]] = set()

    @contextmanager
    def hold(self, account: str, key: str) -> Iterator[None]:
        with self._lock:
            if (account, key) in self._keys:
                raise IdempotencyKeyInUse(key)
            self._keys.add((account, key))
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard((account, key))


def check_key(key: str) -> None:
    if len(key) > KEY_LENGTH:
        raise InvalidRequest(f"Idempotency keys must be at most {KEY_LENGTH} characters long.")


def rules_of(path: str) -> Rules:
    return V2 if path.startswith("/v2/") else V1


def recall(context: Context, *, path: str, params: JsonObject) -> Response | None:
    """Find the saved response of the request's key; raises `IdempotencyKeyReused` if the request was a different one.

    Keys are forgotten at the earliest time that Stripe may do so.
    """
    key = context.idempotency_key
    if key is None:
        return None
    rules = rules_of(path)
    rows = context.tx.execute(
        "select * from idempotency_keys where account = ? and api = ? and key = ? and created_at > ?",
        (context.account, rules.api, key, context.now - rules.kept_seconds),
    )
    if not rows:
        return None
    saved = rows[0]
    if saved["path"] != path:
        raise IdempotencyKeyReused(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{path}' vs '{saved['path']}'). Try using a key other than '{key}' if you meant to execute a "
            "different request."
        )
    if saved["fingerprint"] != _fingerprint(params) and not _ignores_parameters(context, rules):
        raise IdempotencyKeyReused(
            "Keys for idempotent requests can only be used with the same parameters they were first used "
            f"with. Try using a key other than '{key}' if you meant to execute a different request."
        )
    headers = {"Idempotent-Replayed": "true", "Original-Request": saved["request_id"]}
    return Response(status=saved["status"], body=saved["body"], headers=headers)


def save(context: Context, response: Response, *, path: str, params: JsonObject) -> None:
    """Save the response under the request's key, if it has one, and forget keys that are old enough."""
    rules = rules_of(path)
    if context.idempotency_key is None or not (rules.keeps_refusals or response.status == HTTPStatus.OK):
        return
    context.tx.execute(
        "delete from idempotency_keys where api = ? and created_at <= ?",
        (rules.api, context.now - rules.kept_seconds),
    )
    context.tx.execute(
        "insert or replace into idempotency_keys values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            context.account,
            rules.api,
            context.idempotency_key,
            context.now,
            context.request_id,
            path,
            _fingerprint(params),
            response.status,
            response.body,
        ),
    )


def _ignores_parameters(context: Context, rules: Rules) -> bool:
    """Whether a key of API v2 may come with other parameters: not known, so a switch says."""
    return rules is V2 and switches.read(context, "v2_key_with_other_parameters") == "current_state"


def _fingerprint(params: JsonObject) -> str:
    """Fingerprint the parameters, regardless of their order."""
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
