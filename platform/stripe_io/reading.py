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
    """Check what the inbox needs of an event.

    Source: https://docs.stripe.com/api/events/object and https://docs.stripe.com/api/v2/core/events/object
    """
    account = account_of(event)
    wrong = [
        name
        for name, is_valid in (
            ("object", is_thin(event) or event.get("object") == "event"),
            ("id", _is_text(event.get("id"), longest=LONGEST_ID)),
            ("type", _is_text(event.get("type"), longest=LONGEST_TYPE)),
            ("account", account is None or _is_text(account, longest=LONGEST_ID)),
            ("livemode", isinstance(event.get("livemode"), bool)),
            ("created", event.get("created") is None or values.moment(event["created"]) is not None),
            ("data", is_thin(event) or isinstance(_dict(event.get("data")).get("object"), dict)),
        )
        if not is_valid
    ]
    if wrong:
        raise BodySetAside(BodyReason.NOT_AN_EVENT, f"missing or invalid: {', '.join(wrong)}", event)


def is_thin(event: Mapping[str, Any]) -> bool:
    """Check whether an event only refers to its object, as those of the v2 API do."""
    return event.get("object") == "v2.core.event"


def account_of(event: Mapping[str, Any]) -> object:
    """Return the connected account that an event names; None if it names none.

    A thin event names it as what it is about, or as where it happened.
    """
    if not is_thin(event):
        return event.get("account")
    related = _dict(event.get("related_object"))
    about = related.get("id") if related.get("type") == "v2.core.account" else None
    return about or event.get("context")


def object_of(event: Mapping[str, Any]) -> str:
    """Return the id of the object that an event is about; empty if it has none, as a balance."""
    about = event.get("related_object") if is_thin(event) else _dict(event.get("data")).get("object")
    name = _dict(about).get("id")
    return str(name) if _is_text(name, longest=LONGEST_ID) else ""


def _is_text(value: object, *, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest


def _ids(event: Mapping[str, Any]) -> tuple[object, ...]:
    """Return the event's id and type, and the ids of its account and object."""
    about = _dict(_dict(event.get("data")).get("object")).get("id")
    return event["id"], event["type"], account_of(event), about


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
