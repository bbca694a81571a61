"""From a signed body to a row: an event in the inbox, or the body itself with the reason why it isn't one."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.db import DataError, transaction

from database import acts, sql, texts
from database.acts import Kind
from database.staff import Act
from stripe_io import services, verification
from stripe_io.errors import BodySetAside
from stripe_io.models import LONGEST_ID, LONGEST_TYPE, BodyReason, KeptBody, Replay
from stripe_io.reading import StorableEvent, account_of, read_event
from stripe_io.verification import Endpoint

ALTERED = "text that can't be stored was replaced"
_KEEP = sql.read(Path(__file__).with_name("keep_body.sql"))


def receive(*, body: bytes, signature: str) -> None:
    """Store a webhook's body, whatever it contains: as an event to be handled, or set aside.

    Raises: SignatureRefused, and stores nothing.
    """
    keep_or_store(body, signers=verification.endpoints_of(body=body, signature=signature))


def keep_or_store(body: bytes, *, signers: frozenset[Endpoint]) -> None:
    """Store a body that was signed with the secrets of these endpoints.

    Raises: SignatureRefused if it belongs to another one.
    """
    try:
        event = read_event(body)
        verification.check_endpoint(event.payload, signers=signers)
        _store(body, event)
    except BodySetAside as aside:
        _keep(body, reason=aside.reason, note=aside.note, event=aside.event)


@transaction.atomic
def read_again(kept: KeptBody, *, act: Act, now: datetime) -> str | None:
    """Read a body that was set aside with the rules of this version; return the id of its event.

    The event enters the inbox as if it had just arrived. Return None if it still can't be stored: the body stays set
    aside, with its current reason.
    """
    kept = KeptBody.objects.select_for_update(no_key=True).get(pk=kept.pk)
    recorded = acts.record(act, Kind.REPLAY_EVENT, subject=kept, before={"reason": kept.reason})
    Replay.objects.create(
        body=kept,
        actor=act.actor,
        reason=act.reason,
        act=recorded,
        note_before=f"{kept.reason}: {kept.note}",
        asked_at=now,
    )
    body = bytes(kept.body)
    try:
        event = read_event(body)
        _enter(event)
    except BodySetAside as aside:
        KeptBody.objects.filter(pk=kept.pk).update(reason=aside.reason, note=aside.note)
        return None
    KeptBody.objects.filter(pk=kept.pk).update(event=event.payload["id"])
    return str(event.payload["id"])


@transaction.atomic
def _store(body: bytes, event: StorableEvent) -> None:
    _enter(event)
    if event.altered:
        _keep(body, reason=BodyReason.TEXT, note=ALTERED, event=event.payload, event_id=event.payload["id"])


def _enter(event: StorableEvent) -> None:
    try:
        services.store_event(event.payload)
    # A case that no check foresaw. If we answered 5xx, Stripe would resend it for days, and it would fail each time.
    except DataError as error:
        raise BodySetAside(BodyReason.REFUSED, texts.storable(str(error)), event.payload) from error


def _keep(
    body: bytes,
    *,
    reason: BodyReason,
    note: str,
    event: Mapping[str, Any] | None,
    event_id: str | None = None,
) -> None:
    payload = event or {}
    sql.run(
        _KEEP,
        {
            "digest": sha256(body).hexdigest(),
            "body": body,
            "reason": reason,
            "note": note,
            "told_id": _text(payload.get("id"))[:LONGEST_ID],
            "told_type": _text(payload.get("type"))[:LONGEST_TYPE],
            "told_account": _text(account_of(payload))[:LONGEST_ID],
            "event_id": event_id,
        },
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
