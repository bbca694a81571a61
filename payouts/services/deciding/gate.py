"""The gate that transfers pass: it is open while Stripe is known to have none that this database lacks.

A restored backup, or a replica that lagged when it took over, has lost what was sent since. It would pay it again. So
before anything is sent, Stripe's transfers are listed from a little before the newest one that was known. Attempts are
committed before Stripe is called. So a transfer of ours whose attempt isn't here after Stripe showed it was sent by a
database that knew more, or by another installation.

`checked_until` is Stripe's own time of the newest transfer, never a clock of ours. Clocks that differ can shut the gate
for longer, but not hide a transfer.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from database import acts, locks, sql
from database.acts import Kind
from database.staff import Act
from money import Money
from payouts import selectors
from payouts.errors import BehindStripe, InstallationNotIgnored, InstallationNotSeen, OwnInstallation
from payouts.gateway import Transfer, listing
from payouts.models import (
    IgnoredInstallation,
    PauseCause,
    Payout,
    PayoutAttempt,
    UnplacedTransfer,
)
from payouts.services.deciding import pauses
from payouts.states import PayoutStatus
from stripe_io import installation

logger = logging.getLogger(__name__)
OPEN = sql.read(Path(__file__).parent / "gate.sql")
_FRESH = "SELECT FROM installation WHERE checked_at > clock_timestamp() - %(age)s"
# Stripe may date a transfer a little earlier than one that it showed before.
OVERLAP = timedelta(minutes=10)
# Workers check again at this age, so that the gate doesn't shut while they send.
RENEW_AFTER = timedelta(seconds=20)
# The first check starts this long before the first attempt, or the installation.
EARLIER = timedelta(days=1)


def open_for_due(*, now: datetime) -> None:
    """Check Stripe's transfers if the gate is shut and a payout waits to pass it.

    Raises: StripeCallFailed; the gate then stays shut.
    """
    if _something_waits(now=now) and not is_open():
        _check()


def keep_open() -> None:
    """Check Stripe's transfers again before the gate shuts, if a payout waits to pass it.

    Raises: StripeCallFailed.
    """
    if not _is_fresh() and _something_waits(now=sql.now()):
        _check()


def since() -> datetime:
    """Return the time, Stripe's, from which the next check lists transfers."""
    known = installation.remembered()
    if known.checked_until is None:
        first = PayoutAttempt.objects.aggregate(sent=Min("first_sent_at"))["sent"]
        return min(first or known.installed_at, known.installed_at) - EARLIER
    return known.checked_until - OVERLAP


def notice(transfer: Transfer, *, now: datetime) -> None:
    """Pause all sending if this is a transfer that the database lacks."""
    if lost := find_lost([transfer]):
        pause(lost, now=now)


def find_lost(transfers: Sequence[Transfer]) -> list[Transfer]:
    """Return those of our transfers that no attempt here was sent for; Stripe must have shown them before.

    Those of ignored installations, and those that recovery left to staff, are passed over.
    """
    ours = [transfer for transfer in transfers if transfer.is_ours]
    if not ours:
        return []
    known = {name for names in sent_for(ours).values_list("pk", "idempotency_key") for name in names}
    this = installation.remembered().uuid
    unknown = [
        each
        for each in ours
        if (each.attempt_key or each.attempt_id) not in known
        or (each.identity and each.identity.installation != this)
    ]
    if not unknown:
        return []
    ignored = set(IgnoredInstallation.objects.values_list("uuid", flat=True)) - {this}
    left = UnplacedTransfer.objects.filter(pk__in=[each.id for each in unknown])
    unplaced = set(left.values_list("pk", flat=True))
    return [
        each
        for each in unknown
        if each.id not in unplaced and not (each.identity and each.identity.installation in ignored)
    ]


def sent_for(ours: Sequence[Transfer]) -> QuerySet[PayoutAttempt]:
    """Find the attempts here that these transfers name and that were sent."""
    named = Q(idempotency_key__in=[each.attempt_key for each in ours if each.identity]) | Q(
        pk__in=[each.attempt_id for each in ours if each.attempt_id]
    )
    return PayoutAttempt.objects.filter(named, sends__gt=0)


def pause(lost: Sequence[Transfer], *, now: datetime) -> None:
    """Pause all sending until the database is recovered, because Stripe has these transfers."""
    first = lost[0]
    named, ours = first.identity, installation.remembered().uuid
    found = f"Stripe has transfer {first.id} of {Money(first.amount, first.currency)} to {first.destination}"
    if named is not None and named.installation != ours:
        detail = (
            f"{found}, of another installation ({named.installation}). If it is to pay from the same Stripe account, "
            f"run manage.py recover --ignore-installation {named.installation}."
        )
    else:
        detail = (
            f"{found}, and the database doesn't know it. Was a backup restored? Run manage.py recover: "
            "until then nothing is sent and no run is made."
        )
    pause_behind_stripe(detail, now=now)


def pause_behind_stripe(detail: str, *, now: datetime) -> None:
    """Pause all sending, and runs, until the database is recovered."""
    pauses.open_pause(PauseCause.BEHIND_STRIPE, detail=detail, probe_at=now, now=now)


def require_not_behind() -> None:
    """Raises: BehindStripe."""
    if (behind := selectors.behind_stripe()) is not None:
        raise BehindStripe(behind.detail)


@transaction.atomic
def end_recovery(*, unplaced: Iterable[str] = (), act: Act, now: datetime) -> None:
    """Let sending go on once recovery has placed what the database lacked; `unplaced` are the ids left to staff.

    The gate is shut until a new check finds nothing more. It pauses again for transfers of another installation.
    """
    installation.forget_check()
    unplaced = list(unplaced)
    lifted = pauses.lift(Q(cause=PauseCause.BEHIND_STRIPE), act=act, now=now)
    recorded = acts.record(act, Kind.RECOVER, after={"pauses_lifted": len(lifted), "unplaced": unplaced})
    pauses.attribute(lifted, to=recorded)
    UnplacedTransfer.objects.bulk_create(
        [
            UnplacedTransfer(stripe_id=each, left_by=act.actor, reason=act.reason, act=recorded)
            for each in unplaced
        ],
        ignore_conflicts=True,
    )


def ignore_installation(uuid: UUID, *, act: Act, now: datetime) -> None:
    """Pass over the transfers of another installation on the same Stripe account from now on.

    Raises: OwnInstallation; InstallationNotSeen if Stripe shows none of its transfers; StripeCallFailed.
    """
    if uuid == installation.remembered().uuid:
        raise OwnInstallation(uuid)
    if uuid not in (seen := other_installations()):
        raise InstallationNotSeen(uuid, seen=sorted(seen))
    facts = {"ignored_by": act.actor, "reason": act.reason, "ignored_at": now}
    with transaction.atomic():
        row, is_new = IgnoredInstallation.objects.get_or_create(uuid=uuid, defaults=facts)
        if is_new:
            row.act = acts.record(act, Kind.IGNORE_INSTALLATION, subject=row)
            row.save(update_fields=["act"])


@transaction.atomic
def heed_installation(uuid: UUID, *, act: Act) -> None:
    """No longer pass over the transfers of an installation: the next check pauses for them.

    Raises: InstallationNotIgnored.
    """
    row = IgnoredInstallation.objects.select_for_update().filter(uuid=uuid).first()
    if row is None:
        raise InstallationNotIgnored(uuid)
    acts.record(act, Kind.HEED_INSTALLATION, subject=row, before={"ignored_by": row.ignored_by})
    row.delete()
    installation.forget_check()


def other_installations() -> set[UUID]:
    """List the other installations of which Stripe shows transfers, since the last check.

    Raises: StripeCallFailed.
    """
    named = {each.identity.installation for page in _pages(since()) for each in page if each.identity}
    return named - {installation.remembered().uuid}


def is_open() -> bool:
    """Tell whether transfers may be sent without another check of what Stripe has."""
    return bool(list(sql.rows(OPEN)))


def _check() -> None:
    """Read Stripe's transfers page by page; open the gate if all of ours are known, else pause.

    One check runs at a time.
    """
    with locks.taken("payouts.check_transfers") as alone:
        if not alone or _is_fresh() or selectors.behind_stripe() is not None:
            return
        start = since()
        newest = installation.remembered().checked_until or start
        for page in _pages(start):
            if lost := find_lost(page):
                pause(lost, now=sql.now())
                return
            newest = max([newest, *(transfer.created for transfer in page)])
        installation.record_check(until=newest, at=sql.now())


def _is_fresh() -> bool:
    return bool(list(sql.rows(_FRESH, {"age": RENEW_AFTER})))


def _pages(start: datetime) -> Iterator[list[Transfer]]:
    listed = listing.list_transfers(since=start)
    while page := list(islice(listed, listing.PAGE)):
        # What can't be read names nobody; reconciliation tells of it.
        yield [transfer for transfer in page if isinstance(transfer, Transfer)]


def _something_waits(*, now: datetime) -> bool:
    passes = (PayoutStatus.PENDING, PayoutStatus.PROCESSING)
    return Payout.objects.filter(status__in=passes, next_retry_at__lte=now).exists()
