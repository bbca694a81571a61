"""What may happen between the backup and the recovery: in the database that is lost, and in the restored one."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from accounts.models import HoldSource
from accounts.services.holds import place_hold
from database import sql
from database.staff import Act
from payouts.models import Payout
from payouts.services.staff import interventions
from payouts.states import DEAD, PayoutStatus
from tests.drill.service import Service
from tests.payouts.sending import REFUSAL

WHY = Act("dana", "a drill")
# Only dee earned more.
HIGH_MINIMUM = {"USD": 100_00}


def nothing(service: Service) -> None:
    """Change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """What happens in the lost database before the run, before sending and after it, and in the restored one."""

    before_the_run: Callable[[Service], None] = nothing
    before_sending: Callable[[Service], None] = nothing
    after_sending: Callable[[Service], None] = nothing
    restored: Callable[[Service], None] = nothing
    recovered: Callable[[Service], None] = nothing


def _records_arrive(service: Service) -> None:
    """Somebody joins, and more is sold; the backup has none of it."""
    service.marketplace.join("gus")
    service.marketplace.sell("ada", "ben", "gus", month="2025-09", gross=50_00)


def _some_records_arrive_again(service: Service) -> None:
    """The restored database hears of some of it, and of a refund that nobody knew of."""
    service.marketplace.refund("cem", 25_00, month="2025-09")
    service.marketplace.send("ada", "cem")


def _all_records_arrive_again(service: Service) -> None:
    service.marketplace.send()


def _one_is_held(service: Service) -> None:
    interventions.hold_creator(service.marketplace.creator("dee"), act=WHY, now=sql.now())


def _one_is_cancelled(service: Service) -> None:
    for payout in service.payouts_of("eve"):
        if payout.status == PayoutStatus.PENDING:
            interventions.cancel_payout(payout.pk, act=WHY, now=sql.now())


def _others_are_held_and_cancelled(service: Service) -> None:
    """Decide about those whom Stripe has paid: the restored database doesn't know it."""
    place_hold(service.marketplace.creator("fay"), source=HoldSource.STAFF, act=WHY)
    for payout in service.payouts_of("ada"):
        if payout.status == PayoutStatus.PENDING:
            interventions.cancel_payout(payout.pk, act=WHY, now=sql.now())
    settings.MINIMUM_PAYOUT = HIGH_MINIMUM


def _decisions_end(service: Service) -> None:
    settings.MINIMUM_PAYOUT = {"USD": 25_00}
    service.release_all(WHY)


def _one_is_refused(service: Service) -> None:
    service.stripe.inject({**REFUSAL, "count": 1})


def _staff_retry(service: Service) -> None:
    for payout in Payout.objects.filter(status=PayoutStatus.FAILED):
        interventions.retry_payout(payout.pk, act=WHY, now=sql.now())


def _two_are_taken_back(service: Service) -> None:
    """The banks send two back; staff take the money back from Stripe, and pay one of them again."""
    for name in ("ben", "cem"):
        (payout,) = service.payouts_of(name)
        service.bank_sends_back(payout)
        interventions.reverse_payout(payout.pk, act=WHY, now=sql.now())
        assert Payout.objects.get(pk=payout.pk).status in DEAD
    (taken_back,) = service.payouts_of("cem")
    interventions.retry_payout(taken_back.pk, act=WHY, now=sql.now())


BETWEEN: dict[str, Between] = {
    "nothing": Between(),
    "new records": Between(
        before_the_run=_records_arrive,
        restored=_some_records_arrive_again,
        recovered=_all_records_arrive_again,
    ),
    "another decision": Between(
        before_the_run=_one_is_held,
        before_sending=_one_is_cancelled,
        restored=_others_are_held_and_cancelled,
        recovered=_decisions_end,
    ),
    "a retry by staff": Between(before_sending=_one_is_refused, after_sending=_staff_retry),
    "a reversal": Between(after_sending=_two_are_taken_back),
}
