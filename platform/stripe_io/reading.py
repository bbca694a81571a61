"""Reading a signed body as an event that this service can store and act on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from stripe_io import values
from stripe_io.errors import BodySetAside
from stripe_io.models import LONGEST_ID, LONGEST_TYPE, BodyReason
from stripe_io.values import NestedTooDeep, NumberOutOfRange


@dataclass(frozen=True, slots=True)
class StorableEvent:
    """An event from Stripe, ready to be stored; `altered` if some of its text had to be replaced."""

    payload: Mapping[str, Any]
    altered: bool


def read_event(body: bytes) -> StorableEvent:
    """Read a signed body as an event of our mode.

    Lone surrogates and NULs in its text become U+FFFD, which does no harm to a name. Ids, types and numbers must be
    storable as Stripe wrote them: another id is another event, another amount another payment.

    Raises: BodySetAside.
    """
    original = _parsed(_text(body))
    payload = _stored_form(original)
    _check_shape(payload)
    if _ids(payload) != _ids(original):
        raise BodySetAside(
            BodyReason.NOT_AN_EVENT, "an id or the type contains characters that can't be stored", payload
        )
    if payload["livemode"] is not settings.STRIPE_LIVE_MODE:
        raise BodySetAside(BodyReason.OTHER_MODE, f"livemode is {payload['livemode']}", payload)
    return StorableEvent(payload, altered=payload != original)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BodySetAside(BodyReason.NOT_TEXT, str(error)) from error


def _parsed(text: str) -> Any:
    try:
        return values.parse(text)
    except NumberOutOfRange as error:
        raise BodySetAside(BodyReason.NUMBER, str(error), _read_for_its_ids(text)) from error
    except NestedTooDeep as error:
        raise BodySetAside(BodyReason.TOO_DEEP, str(error)) from error
    except ValueError as error:
        raise BodySetAside(BodyReason.NOT_JSON, str(error)) from error


def _read_for_its_ids(text: str) -> dict[str, Any] | None:
    try:
        payload = values.storable(values.parse_any_number(text))
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _stored_form(parsed: Any) -> dict[str, Any]:
    try:
        stored = values.storable(parsed)
    except NestedTooDeep as error:
        raise BodySetAside(BodyReason.TOO_DEEP, str(error)) from error
    if not isinstance(stored, dict):
        raise BodySetAside(BodyReason.NOT_AN_EVENT, "not a JSON object")
    return stored


def _check_shape(event: dict[str, Any]) -> None:
    """Source: https://docs.stripe.com/api/events/object and https://docs.stripe.com/event-destinations#thin-events"""
    if event.get("object") == "v2.core.event":
        raise BodySetAside(BodyReason.THIN, "it refers to an object, and doesn't contain it", event)
    data = event.get("data")
    wrong = [
        name
        for name, is_valid in (
            ("object", event.get("object") == "event"),
            ("id", _is_text(event.get("id"), longest=LONGEST_ID)),
            ("type", _is_text(event.get("type"), longest=LONGEST_TYPE)),
            ("account", event.get("account") is None or _is_text(event["account"], longest=LONGEST_ID)),
            ("livemode", isinstance(event.get("livemode"), bool)),
            ("created", event.get("created") is None or values.moment(event["created"]) is not None),
            ("data", isinstance(data, dict) and isinstance(data.get("object"), dict)),
        )
        if not is_valid
    ]
    if wrong:
        raise BodySetAside(BodyReason.NOT_AN_EVENT, f"missing or invalid: {', '.join(wrong)}", event)


def _is_text(value: object, *, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest


def _ids(event: Mapping[str, Any]) -> tuple[object, ...]:
    """Return the event's id and type, and the ids of its account and object."""
    return event["id"], event["type"], event.get("account"), event["data"]["object"].get("id")
