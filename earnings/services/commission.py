"""Commission rates: set and end them."""

from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction

from accounts.models import Creator
from database import acts, sql
from database.acts import Kind
from database.staff import SYSTEM, Act
from earnings.errors import NoRateToEnd
from earnings.models import Api, CommissionRate
from earnings.selectors import current_rate, refuse_rate_before_sales
from earnings.services import sources


def seed_first_rate() -> None:
    """Create the first default rate from PLATFORM_FEE_BPS, if there is no rate yet."""
    if not CommissionRate.objects.exists():
        CommissionRate.objects.create(
            bps=settings.PLATFORM_FEE_BPS,
            effective_from=datetime(1970, 1, 1, tzinfo=UTC),
            actor=SYSTEM,
            reason="PLATFORM_FEE_BPS",
        )


def set_rate(
    bps: int,
    *,
    of: Api | Creator | None,
    effective_from: datetime,
    act: Act,
) -> CommissionRate:
    """Set the rate of an API, of a creator, or (None) the default, from a moment on.

    Raises: RateTooEarly if sales at or after that moment are already recorded.
    """
    return _change(bps, of=of, effective_from=effective_from, act=act)


def end_rate(*, of: Api | Creator, effective_from: datetime, act: Act) -> CommissionRate:
    """End the rate of an API or a creator from a moment on.

    Raises: RateTooEarly, NoRateToEnd.
    """
    if current_rate(of, at=effective_from) is None:
        raise NoRateToEnd(of.external_id, at=effective_from)
    return _change(None, of=of, effective_from=effective_from, act=act)


@transaction.atomic
def _change(
    bps: int | None, *, of: Api | Creator | None, effective_from: datetime, act: Act
) -> CommissionRate:
    # A concurrent intake might accept a record at the old rate.
    sources.block_intakes()
    refuse_rate_before_sales(of, effective_from=effective_from)
    rate = CommissionRate(
        id=sql.new_id(),
        api=of if isinstance(of, Api) else None,
        creator=of if isinstance(of, Creator) else None,
        bps=bps,
        effective_from=effective_from,
        actor=act.actor,
        reason=act.reason,
    )
    rate.act = acts.record(
        act,
        Kind.END_COMMISSION if bps is None else Kind.SET_COMMISSION,
        subject=of or rate,
        creator=of.pk if isinstance(of, Creator) else None,
        after={"rate": rate.pk, "bps": bps, "effective_from": effective_from},
    )
    rate.save(force_insert=True)
    return rate
