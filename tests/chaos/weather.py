"""What goes wrong at Stripe, with webhooks, and at banks."""

from collections.abc import Mapping
from typing import Any

Rule = dict[str, Any]
_MOVES = {"method": "POST", "path": r"/v1/(transfers|payouts)(/.*)?"}
_TRANSFERS = {"method": "POST", "path": r"/v1/transfers"}
_BANK_PAYOUTS = {"method": "POST", "path": r"/v1/payouts"}
_ANYTHING = {"path": r"/v[12]/.*"}
_IN_USE = {"status": 409, "type": "idempotency_error", "code": "idempotency_key_in_use"}
_SAVED_REFUSAL = {"kind": "abort_work", "status": 400, "probability": 0.05}

WEATHER: Mapping[str, list[Rule]] = {
    "calm": [{**_ANYTHING, "kind": "latency_ms", "latency_ms": 1}],
    "answers lost": [{**_MOVES, "kind": "drop_response_after_work", "probability": 0.3}],
    "500 after the work": [
        {**_MOVES, "kind": "status", "status": 500, "after_work": True, "probability": 0.2}
    ],
    "500 instead of the work, replayed": [
        {**_MOVES, "kind": "abort_work", "status": 500, "probability": 0.2}
    ],
    "500 at random": [{**_ANYTHING, "kind": "status", "status": 500, "probability": 0.2}],
    "silence": [{**_MOVES, "kind": "timeout", "seconds": 1, "probability": 0.1}],
    "silence after the work": [
        {**_MOVES, "kind": "timeout", "seconds": 1, "after_work": True, "probability": 0.1}
    ],
    "resets": [{**_ANYTHING, "kind": "connection_reset", "probability": 0.2}],
    "rate limit": [{**_ANYTHING, "kind": "rate_limit_per_second", "rate_limit_per_second": 20}],
    "lock timeouts": [
        {**_MOVES, "kind": "status", "status": 429, "code": "lock_timeout", "probability": 0.2}
    ],
    "keys in use": [{**_MOVES, "kind": "status", **_IN_USE, "probability": 0.2}],
    "broken text": [{**_ANYTHING, "kind": "broken_text"}],
    "slowness": [{**_ANYTHING, "kind": "latency_ms", "latency_ms": 300}],
    "key refused": [{**_ANYTHING, "kind": "status", "status": 401}],
    "key not allowed": [{**_MOVES, "kind": "status", "status": 403}],
    "outage": [{"kind": "status", "status": 503}],
    "no network": [{"kind": "connection_reset"}],
    "transfers refused": [{**_TRANSFERS, **_SAVED_REFUSAL, "code": "insufficient_capabilities_for_transfer"}],
    "transfers refused without a code": [
        {**_TRANSFERS, **_SAVED_REFUSAL, "message": "This account requires further intervention"}
    ],
    "bank payouts refused without a code": [
        {**_BANK_PAYOUTS, **_SAVED_REFUSAL, "message": "Cannot create payouts; please contact us"}
    ],
    "bank payouts refused": [{**_BANK_PAYOUTS, **_SAVED_REFUSAL, "code": "bank_account_unusable"}],
}
# Rarer spells: once our key is refused, sending pauses for minutes.
RARE = {"key refused": 0.3, "key not allowed": 0.3}
WEBHOOKS: list[Rule] = [
    {"kind": "drop", "probability": 0.05},
    {"kind": "double", "probability": 0.1},
    {"kind": "delay", "seconds": 20, "probability": 0.1},
    {"kind": "reorder", "seconds": 5, "probability": 0.3},
    {"kind": "delay", "seconds": 900, "type": r"(v2\.core\.)?account.*", "probability": 0.2},
    {"kind": "broken_text", "probability": 0.1},
    {"kind": "other_mode", "probability": 0.05},
]
# What a transfer brought is known after so many reads.
ARRIVALS: list[Rule] = [
    {"reads": 1, "probability": 0.1},
    {"reads": 4, "probability": 0.05},
]
BANKS: list[Rule] = [
    {"stage": "pending", "failure_code": "could_not_process", "probability": 0.02},
    {"stage": "in_transit", "failure_code": "no_account", "probability": 0.02},
    {"stage": "paid", "failure_code": "account_closed", "after_seconds": 2, "probability": 0.02},
]
