"""Which function handles which event type. Apps register theirs in `AppConfig.ready()`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """An event from Stripe; `account` is the connected account that it happened on, or empty.

    A thin event has no object: it only says that something changed.

    Everything that we retrieve from Stripe after `due_since`, by our clock, already reflects the event.
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
    """Register a handler for these event types. It is called at least once with each event.

    It runs outside any transaction, and may be called again with the same event. It raises NotYet to be called
    later, or SetAside to leave the event without effect.
    """
    for event_type in types:
        _handlers[event_type] = handler


def handler_of(event_type: str) -> Handler | None:
    return _handlers.get(event_type)


def handled_types() -> list[str]:
    """List the event types that have a handler, in alphabetical order."""
    return sorted(_handlers)
