"""In whatever order things arrive, all figures match a plain model of what truly happened."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, given, settings

from accounts.models import AccountStatus, Creator, CreatorPaymentAccount, StripeApi
from database import sql
from database.staff import Act
from earnings.models import Api, CreatorEarning, QuarantinedRecord
from earnings.services import adjustments, commission, posting
from earnings.services.catalog import CatalogEntry, register_apis
from earnings.services.quarantine import enter_ready
from earnings.services.sources import register_source
from earnings.services.unlinked import accept_unlinked
from ledger.selectors import payable_balance
from money import Money, month_of
from payouts.models import Payout, RunDecision
from payouts.selectors import balances_of
from payouts.services.deciding import runs
from payouts.services.staff import interventions
from tests.factories import CreatorFactory
from tests.feeding import feed
from tests.payouts.arrivals import (
    CREATORS,
    HALVES,
    LOST,
    MONTHS,
    Arrival,
    Market,
    Record,
    Registered,
    StaffAct,
    markets,
)
from tests.payouts.market import unsound
from tests.payouts.truth import Truth

pytestmark = pytest.mark.django_db
WHY = Act("dana", "a test")


class Service:
    """The service as seen by those who feed it and act on it."""

    def __init__(self, market: Market) -> None:
        commission.seed_first_rate()
        self._market = market
        self._source = register_source("billing")
        self._creators = {name: CreatorFactory.create(external_id=name) for name in CREATORS}
        CreatorPaymentAccount.objects.bulk_create(
            CreatorPaymentAccount(
                creator=creator,
                api=StripeApi.V1,
                account_status=AccountStatus.ACTIVE,
                stripe_account_id=f"acct_{name}",
            )
            for name, creator in self._creators.items()
        )
        for whose in ["", *CREATORS]:
            self._set_rates(self._creators.get(whose), whose)

    def receive(self, step: Registered | list[Record]) -> None:
        if isinstance(step, Registered):
            (_, first), *later = self._market.owners[step.api]
            for since, creator in [(None, first), *later]:
                register_apis([CatalogEntry(step.api, "", creator, owned_from=since)], now=sql.now())
            self._set_rates(Api.objects.get(external_id=step.api), step.api)
        else:
            feed(self._source, *step, now=sql.now())

    def accept_lost(self) -> None:
        """Accept the latest copies of what names charges that never come."""
        enter_ready(now=sql.now())
        lost = QuarantinedRecord.objects.filter(resolved_at=None, content__related_record_id__startswith=LOST)
        latest = {held.record_id: held.pk for held in lost.order_by("pk")}
        for held in latest.values():
            accept_unlinked(held, act=WHY, now=sql.now())

    def _set_rates(self, of: Api | Creator | None, whose: str) -> None:
        for since, bps in self._market.rates.get(whose, []):
            commission.set_rate(bps, of=of, effective_from=since, act=WHY)

    def correct(self, name: str, amount: int, *, at: datetime, counts_as_earned: bool) -> None:
        proposed = adjustments.propose_adjustment(
            self._creators[name], amount=Money(amount, "USD"), counts_as_earned=counts_as_earned, act=WHY
        )
        adjustments.approve_adjustment(proposed.pk, act=Act("erin", "Agreed"), now=at)

    def write_off(self, name: str) -> int:
        if self.owed(name) >= 0:
            return 0
        proposed = adjustments.propose_write_off(self._creators[name], currency="USD", act=WHY)
        return adjustments.approve_adjustment(proposed.pk, act=Act("erin", "Agreed"), now=sql.now()).amount

    def cancel(self, name: str) -> bool:
        last = Payout.objects.filter(creator=self._creators[name]).exclude(status="cancelled").last()
        if last:
            interventions.cancel_payout(last.pk, now=sql.now(), act=WHY)
        return last is not None

    def run(self, cutoff: date) -> dict[str, int]:
        # A payout that waits longer than this no longer blocks the next one.
        Payout.objects.update(created_at=sql.now() - timedelta(days=30))
        runs.make_run(cutoff=cutoff, now=sql.now())
        decided = RunDecision.objects.filter(run__cutoff=cutoff).values_list("creator__external_id", "amount")
        return dict.fromkeys(CREATORS, 0) | dict(decided)

    @property
    def creators(self) -> Iterable[Creator]:
        return self._creators.values()

    def owed(self, name: str) -> int:
        return payable_balance(self._creators[name].pk, currency="USD")

    def earned(self, name: str) -> tuple[int, int, int]:
        rows = CreatorEarning.objects.filter(creator=self._creators[name]).exclude(api=None)
        sums = rows.aggregate(*(Sum(each, default=0) for each in ("gross", "platform_fee", "net")))
        return sums["gross__sum"], sums["platform_fee__sum"], sums["net__sum"]


def live_through(market: Market) -> None:
    truth, service, arrival = Truth(market.owners, market.rates), Service(market), Arrival(market)
    for half, begins in enumerate(HALVES):
        for step in arrival.steps(half):
            service.receive(step)
            arrival.somebody_may(lambda: enter_ready(now=sql.now()), lambda: posting.post_due(now=sql.now()))
        service.accept_lost()
        posting.post_due(now=sql.now())
        for fact in market.facts:
            if market.known[fact.number] == half:
                truth.happen(fact)
        at = HALVES[half + 1] if half in market.ahead else begins
        for act in market.acts[half]:
            assert do(act, truth, at=at) == do(act, service, at=at), act
        if half % 2:
            month = MONTHS[half // 2]
            assert service.run(month_of(month).end) == {name: truth.run(name, month) for name in CREATORS}
    posting.post_due(now=sql.now())
    held = QuarantinedRecord.objects.filter(resolved_at=None).values_list("record_id", "reason")
    assert list(held) == []
    assert {name: (service.earned(name), service.owed(name)) for name in CREATORS} == {
        name: (truth.earned(name), truth.owed(name)) for name in CREATORS
    }
    assert all(balance.adds_up for creator in service.creators for balance in balances_of(creator.pk))
    assert unsound() == {}


def do(act: StaffAct, where: Truth | Service, *, at: datetime) -> int | bool | None:
    match act.kind:
        case "write_off":
            return where.write_off(act.creator)
        case "cancel":
            return where.cancel(act.creator)
        case _:
            return where.correct(
                act.creator, act.amount, at=at, counts_as_earned=act.kind == "correct_earned"
            )


@contextmanager
def forgotten() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_some_markets_get_the_true_result_in_any_order_of_arrival() -> None:
    _compare(examples=4)


@pytest.mark.full
def test_many_markets_get_the_true_result_in_any_order_of_arrival() -> None:
    _compare(examples=80)


def _compare(*, examples: int) -> None:
    @settings(
        max_examples=examples,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(market=markets())
    def compare(market: Market) -> None:
        with forgotten():
            live_through(market)

    compare()
