"""What a signed body says, and whether it is an event that this service can store and act on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from stripe_io import values
from stripe_io.errors import BodySetAside
from stripe_io.models import LONGEST_ID, LONGEST_TYPE, BodyReason
from stripe_io.values import NestedTooDeep, NumberOutOfRange


@dataclass(frozen=True, slots=True)
class Told:
    """An event of Stripe's, ready to be stored; `altered` if some of its text could not be stored as it came."""

    event: Mapping[str, Any]
    altered: bool


def read_event(body: bytes) -> Told:
    """Read a signed body as an event of our mode.

    Halves of characters and NULs in its text become U+FFFD: a name is then as good as before. What it is called by
    must be as Stripe wrote it, and its numbers too: another id is another event, another amount another payment.

    Raises: BodySetAside.
    """
    said = _parsed(_text(body))
    event = _stored_form(said)
    _check_shape(event)
    if _names(event) != _names(said):
        raise BodySetAside(BodyReason.NOT_AN_EVENT, "an id or its type holds what can't be stored", event)
    if event["livemode"] is not settings.STRIPE_LIVE_MODE:
        raise BodySetAside(BodyReason.OTHER_MODE, f"livemode is {event['livemode']}", event)
    return Told(event, altered=event != said)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BodySetAside(BodyReason.NOT_TEXT, str(error)) from error


def _parsed(text: str) -> Any:
    try:
        return values.parse(text)
    except NumberOutOfRange as error:
        raise BodySetAside(BodyReason.NUMBER, str(error), _read_for_its_names(text)) from error
    except NestedTooDeep as error:
        raise BodySetAside(BodyReason.TOO_DEEP, str(error)) from error
    except ValueError as error:
        raise BodySetAside(BodyReason.NOT_JSON, str(error)) from error


def _read_for_its_names(text: str) -> dict[str, Any] | None:
    try:
        said = values.storable(values.parse_any_number(text))
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _stored_form(said: Any) -> dict[str, Any]:
    try:
        stored = values.storable(said)
    except NestedTooDeep as error:
        raise BodySetAside(BodyReason.TOO_DEEP, str(error)) from error
    if not isinstance(stored, dict):
        raise BodySetAside(BodyReason.NOT_AN_EVENT, "it is no JSON object")
    return stored


def _check_shape(event: dict[str, Any]) -> None:
    """Source: https://docs.stripe.com/api/events/object and https://docs.stripe.com/event-destinations#thin-events"""
    if event.get("object") == "v2.core.event":
        raise BodySetAside(BodyReason.THIN, "it names an object and doesn't hold it", event)
    data = event.get("data")
    wrong = [
        name
        for name, is_right in (
            ("object", event.get("object") == "event"),
            ("id", _is_name(event.get("id"), longest=LONGEST_ID)),
            ("type", _is_name(event.get("type"), longest=LONGEST_TYPE)),
            ("account", event.get("account") is None or _is_name(event["account"], longest=LONGEST_ID)),
            ("livemode", isinstance(event.get("livemode"), bool)),
            ("created", event.get("created") is None or values.moment(event["created"]) is not None),
            ("data", isinstance(data, dict) and isinstance(data.get("object"), dict)),
        )
        if not is_right
    ]
    if wrong:
        raise BodySetAside(BodyReason.NOT_AN_EVENT, f"not as an event has it: {', '.join(wrong)}", event)


def _is_name(said: object, *, longest: int) -> bool:
    return isinstance(said, str) and 0 < len(said) <= longest


def _names(event: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what event, account and object are called by."""
    return event["id"], event["type"], event.get("account"), event["data"]["object"].get("id")
