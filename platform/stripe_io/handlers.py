"""Which function handles which type of event. Apps register theirs in `AppConfig.ready()`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """One event as Stripe told it; `account` is the connected account it happened on, or empty.

    Whatever Stripe was asked after `due_since`, by our clock, it answered knowing of the event.
    """

    id: str
    type: str
    account: str
    created: datetime
    due_since: datetime
    object: Mapping[str, Any]


Handler = Callable[[StripeEvent], None]
_handlers: dict[str, Handler] = {}


def register(handler: Handler, *types: str) -> None:
    """Have `handler` called, at least once, with each event of these types.

    It runs outside any transaction, may be called again with the same event, and raises NotYet to be called
    later, SetAside to leave the event without effect.
    """
    for event_type in types:
        _handlers[event_type] = handler


def handler_of(event_type: str) -> Handler | None:
    return _handlers.get(event_type)
