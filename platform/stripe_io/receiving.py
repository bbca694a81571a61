"""From a signed body to a row: an event in the inbox, or the body itself with the reason why it is none."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.db import DataError, transaction

from database import sql, texts
from database.staff import Act
from stripe_io import services, verification
from stripe_io.errors import BodySetAside
from stripe_io.models import LONGEST_ID, LONGEST_TYPE, BodyReason, KeptBody, Replay
from stripe_io.reading import Told, read_event

ALTERED = "what its text holds that can't be stored was replaced"
_KEEP = sql.read(Path(__file__).with_name("keep_body.sql"))


def receive(*, body: bytes, signature: str) -> None:
    """Store what Stripe says, whatever it holds: as an event to be handled, or set aside as the body that it is.

    Raises: SignatureRefused, and stores nothing.
    """
    keep_or_store(body, signer=verification.signer_of(body=body, signature=signature))


def keep_or_store(body: bytes, *, signer: int) -> None:
    """Store what a body says that the secret at this position signed.

    Raises: SignatureRefused if it belongs to the other endpoint.
    """
    try:
        told = read_event(body)
        verification.check_endpoint(told.event, signer=signer)
        _store(body, told)
    except BodySetAside as aside:
        _keep(body, reason=aside.reason, note=aside.note, event=aside.event)


@transaction.atomic
def read_again(kept: KeptBody, *, act: Act, now: datetime) -> str | None:
    """Read a body that was set aside as this version understands it; return the id of the event that it is by now.

    It enters the inbox as if it had just come. One that still can't be stored stays, with the reason of today: None.
    """
    kept = KeptBody.objects.select_for_update(no_key=True).get(pk=kept.pk)
    Replay.objects.create(
        body=kept, actor=act.actor, reason=act.reason, note_before=f"{kept.reason}: {kept.note}", asked_at=now
    )
    body = bytes(kept.body)
    try:
        told = read_event(body)
        _enter(told)
    except BodySetAside as aside:
        KeptBody.objects.filter(pk=kept.pk).update(reason=aside.reason, note=aside.note)
        return None
    KeptBody.objects.filter(pk=kept.pk).update(event=told.event["id"])
    return str(told.event["id"])


@transaction.atomic
def _store(body: bytes, told: Told) -> None:
    _enter(told)
    if told.altered:
        _keep(body, reason=BodyReason.TEXT, note=ALTERED, event=told.event, event_id=told.event["id"])


def _enter(told: Told) -> None:
    try:
        services.store_event(told.event)
    except (
        DataError
    ) as error:  # what no check foresaw: Stripe would send a 5xx for days, and it would be one again
        raise BodySetAside(BodyReason.REFUSED, texts.storable(str(error)), told.event) from error


def _keep(
    body: bytes,
    *,
    reason: BodyReason,
    note: str,
    event: Mapping[str, Any] | None,
    event_id: str | None = None,
) -> None:
    told = event or {}
    sql.run(
        _KEEP,
        {
            "digest": sha256(body).hexdigest(),
            "body": body,
            "reason": reason,
            "note": note,
            "told_id": _named(told.get("id"))[:LONGEST_ID],
            "told_type": _named(told.get("type"))[:LONGEST_TYPE],
            "told_account": _named(told.get("account"))[:LONGEST_ID],
            "event_id": event_id,
        },
    )


def _named(said: object) -> str:
    return said if isinstance(said, str) else ""
